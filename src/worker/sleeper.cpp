#include "worker/sleeper.hpp"

#include <fmt/format.h>

#include <csignal>
#include <stdexcept>
#include <utility>

#include "divvy/workload.hpp"

namespace divvy::worker {

std::chrono::milliseconds workload_of(const Job& job) {
  if (const auto workload = parse_workload(job.text)) return *workload;
  constexpr std::size_t enough = 60;
  throw std::invalid_argument(
      fmt::format("'{}' is no number of milliseconds", job.text.substr(0, enough)));
}

void Sleeper::start(const Job& job, Time now) {
  try {
    asleep_.emplace(now + workload_of(job), job.number);
  } catch (const std::invalid_argument& error) {
    ended_.push_back({job.number, Outcome::failed, 0, {}, {}, error.what()});
  }
}

std::vector<Ended> Sleeper::ended(Time now) {
  while (!asleep_.empty() && asleep_.begin()->first <= now) {
    ended_.push_back({asleep_.begin()->second, Outcome::slept, 0, {}, {}, {}});
    asleep_.erase(asleep_.begin());
  }
  return std::exchange(ended_, {});
}

std::optional<Time> Sleeper::deadline() const {
  if (!ended_.empty()) return Time{};
  if (asleep_.empty()) return {};
  return asleep_.begin()->first;
}

void Sleeper::kill(const std::unordered_set<std::uint64_t>& jobs) {
  std::erase_if(asleep_, [&](const auto& one) {
    if (!jobs.contains(one.second)) return false;
    ended_.push_back({one.second, Outcome::signalled, SIGKILL, {}, {}, {}});
    return true;
  });
}

}  // namespace divvy::worker
