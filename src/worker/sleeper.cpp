#include "worker/sleeper.hpp"

#include <fmt/format.h>

#include <csignal>
#include <utility>

#include "divvy/workload.hpp"

namespace divvy::worker {

void Sleeper::start(const Job& job, Time now) {
  const auto workload = parse_workload(job.text);
  if (workload) {
    asleep_.emplace(now + *workload, job.number);
    return;
  }
  constexpr std::size_t enough = 60;
  Ended ended{job.number, Outcome::failed, 0, {}, {}, {}};
  ended.reason = fmt::format("'{}' is no number of milliseconds", job.text.substr(0, enough));
  ended_.push_back(std::move(ended));
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

void Sleeper::kill() {
  for (const auto& [until, job] : asleep_) {
    ended_.push_back({job, Outcome::signalled, SIGKILL, {}, {}, {}});
  }
  asleep_.clear();
}

}  // namespace divvy::worker
