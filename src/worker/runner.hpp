// What a worker does with a task.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "divvy/messages.hpp"
#include "hall/events.hpp"

namespace divvy::worker {

/// A task in a slot; `number` tells the jobs of this worker apart.
struct Job {
  std::uint64_t number = 0;
  std::string_view text;
  TaskId id = 0;
  std::uint32_t attempt = 1;
  std::uint32_t slot = 1;
};

struct Ended {
  std::uint64_t job = 0;
  Outcome outcome = Outcome::slept;
  std::int32_t status = 0;
  std::string output;
  std::string errors;
  std::string reason;
};

class Runner {
 public:
  Runner() = default;
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  virtual ~Runner() = default;

  /// Starts a job. One that cannot be started has ended, as failed.
  virtual void start(const Job& job, Time now) = 0;
  /// The jobs that have ended since the last call.
  virtual std::vector<Ended> ended(Time now) = 0;
  /// When to ask again at the latest.
  [[nodiscard]] virtual std::optional<Time> deadline() const = 0;
  /// Readable when something may have ended, if there is such a descriptor.
  [[nodiscard]] virtual std::optional<int> fd() const = 0;
  /// Ends these jobs now; they end as killed, but for those that have ended already.
  virtual void kill(const std::unordered_set<std::uint64_t>& jobs) = 0;
};

}  // namespace divvy::worker
