#include "worker/sleep_runner.hpp"

#include <fmt/format.h>

#include <csignal>
#include <stdexcept>
#include <utility>

#include "common/workload.hpp"

namespace divvy::worker {

std::chrono::milliseconds workload_of(const Execution& execution) {
  if (execution.form == TextForm::piece) {
    throw std::invalid_argument("pieces of the input are for a command, and this worker has none");
  }
  if (const auto workload = parse_workload(execution.text)) return *workload;
  constexpr std::size_t enough = 60;
  throw std::invalid_argument(
      fmt::format("'{}' is no number of milliseconds", execution.text.substr(0, enough)));
}

Runner::NoRoom SleepRunner::start(const Execution& execution, Time now) {
  try {
    asleep_.emplace(now + workload_of(execution), execution.key);
  } catch (const std::invalid_argument& error) {
    ended_.push_back({.key = execution.key, .outcome = Outcome::failed, .reason = error.what()});
  }
  return {};
}

std::vector<Ended> SleepRunner::ended(Time now) {
  while (!asleep_.empty() && asleep_.begin()->first <= now) {
    ended_.push_back({.key = asleep_.begin()->second, .outcome = Outcome::slept});
    asleep_.erase(asleep_.begin());
  }
  return std::exchange(ended_, {});
}

std::optional<Time> SleepRunner::deadline() const {
  if (!ended_.empty()) return Time{};
  if (asleep_.empty()) return {};
  return asleep_.begin()->first;
}

void SleepRunner::kill(const std::unordered_set<std::uint64_t>& keys) {
  std::erase_if(asleep_, [&](const auto& one) {
    if (!keys.contains(one.second)) return false;
    ended_.push_back(
        {.key = one.second, .outcome = Outcome::signalled, .status = SIGKILL, .killed = true});
    return true;
  });
}

}  // namespace divvy::worker
