#include "sink/failure.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/plural.hpp"
#include "common/quoting.hpp"

namespace divvy::sink {
namespace {

constexpr std::size_t kLongestText = 200;
constexpr std::size_t kMostLines = 3;
constexpr std::size_t kMostReasons = 1000;  // peers must not make it grow

std::string ending(const Result& result) {
  switch (result.outcome) {
    case Outcome::exited:
      return fmt::format("exit status {}", result.status);
    case Outcome::signalled:
      return fmt::format("killed by signal {} ({})", result.status, ::strsignal(result.status));
    case Outcome::timed_out:
      return "timed out";
    case Outcome::slept:
    case Outcome::failed:
    case Outcome::lost:
    case Outcome::interrupted:
    case Outcome::skipped:
      break;
  }
  return std::string(result.reason);
}

}  // namespace

std::string_view only_text(const Result& result) {
  std::string_view text;
  for_each_text(result.texts, [&](std::string_view only) { text = only; });
  return text;
}

std::string failure_line(std::string_view worker, const Result& result) {
  const auto by = result.outcome == Outcome::lost ? "" : fmt::format(", on {}", worker);
  return fmt::format("task {} failed, {}{}: {}", result.ids.first, ending(result), by,
                     on_one_line(only_text(result).substr(0, kLongestText)));
}

std::vector<std::string> last_errors(const Result& result) {
  std::vector<std::string> lines;
  std::string_view rest = result.errors;
  while (!rest.empty() && lines.size() < kMostLines) {
    if (rest.ends_with('\n')) rest.remove_suffix(1);
    const auto begin = rest.rfind('\n') + 1;  // npos + 1 is 0
    lines.push_back(fmt::format("  | {}", rest.substr(begin, kLongestText)));
    rest = rest.substr(0, begin);
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

std::optional<std::string> FailureLines::line(std::string_view worker, const Result& result) {
  if (result.outcome == Outcome::failed) {
    const auto known = reasons_.find(result.reason);
    if (known != reasons_.end()) {
      ++known->second;
      return {};
    }
    if (reasons_.size() < kMostReasons) reasons_.emplace(result.reason, 1);
  }
  return failure_line(worker, result);
}

std::vector<std::string> FailureLines::counted() {
  std::vector<std::string> lines;
  for (const auto& [reason, count] : std::exchange(reasons_, {})) {
    if (count == 1) continue;
    lines.push_back(fmt::format("{} failed: {}", plural(count - 1, "more task"), reason));
  }
  return lines;
}

}  // namespace divvy::sink
