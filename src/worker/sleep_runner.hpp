// The guide's work: sleep for as many milliseconds as the task says.
#pragma once

#include <chrono>
#include <map>

#include "worker/runner.hpp"

namespace divvy::worker {

/// How long a task says to sleep. Throws std::invalid_argument if it does not.
std::chrono::milliseconds workload_of(const Execution& execution);

class SleepRunner : public Runner {
 public:
  NoRoom start(const Execution& execution, Time now) override;
  std::vector<Ended> ended(Time now) override;
  [[nodiscard]] std::optional<Time> deadline() const override;
  void kill(const std::unordered_set<std::uint64_t>& keys) override;

 private:
  std::multimap<Time, std::uint64_t> asleep_;  // until when
  std::vector<Ended> ended_;
};

}  // namespace divvy::worker
