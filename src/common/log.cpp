#include "common/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <chrono>

#include "common/clock.hpp"
#include "common/standard_streams.hpp"

namespace divvy {
namespace {

// What may be wrong often is told again after it.
constexpr auto kAgain = std::chrono::minutes(1);

}  // namespace

Log::Log(const std::string& program, Verbosity verbosity)
    : prefix_((::isatty(STDERR_FILENO) != 0 ? "\x1b[K" : "") + program), verbosity_(verbosity) {}

void Log::warn(std::string_view line) const {
  std::string printable(line);
  const auto control = [](unsigned char c) { return (c < ' ' && c != '\t') || c == 0x7f; };
  std::replace_if(printable.begin(), printable.end(), control, '?');
  tell_user(fmt::format("{}: {}\n", prefix_, printable));
}

void Log::notice(std::string_view line) const {
  if (!verbosity_.silent) warn(line);
}

void Log::info(std::string_view line) const {
  if (!verbosity_.quiet) warn(line);
}

void Log::debug(std::string_view line) const {
  if (verbosity_.verbose) warn(line);
}

void Log::dropped(std::string_view what) {
  const std::uint64_t count = ++dropped_[std::string(what)];
  if (count == 1) {
    warn(fmt::format("dropped {}; more of the kind will be counted only", what));
  } else if (std::has_single_bit(count)) {
    debug(fmt::format("dropped {}, {} times so far", what, count));
  }
}

void Log::warn_rate_limited(const std::string& about, std::string_view line) {
  if (may_warn(about)) warn(line);
}

void Log::warn_of_each(const std::string& kind, std::string_view who, std::string_view line) {
  constexpr int most = 10;
  const Time time = now();
  Told& told = told_.try_emplace(kind, Told{time}).first->second;
  if (told.since + kAgain <= time) told = {time};
  if (told.lines > most || !may_warn(fmt::format("{}: {}", kind, who))) return;
  ++told.lines;
  warn(told.lines > most ? fmt::format("there are more {}", kind) : line);
}

bool Log::may_warn(const std::string& about) {
  constexpr std::size_t most = 1000;  // peers must not make it grow
  const Time time = now();
  if (warned_.size() >= most) {
    std::erase_if(warned_, [&](const auto& warned) { return warned.second + kAgain <= time; });
  }
  if (warned_.size() >= most) return false;
  const auto [warned, first] = warned_.try_emplace(about, time);
  if (!first && warned->second + kAgain > time) return false;
  warned->second = time;
  return true;
}

}  // namespace divvy
