// What a worker does with a task: the only thing in which workers differ.
#pragma once

#include <optional>
#include <unordered_set>
#include <vector>

#include "common/time.hpp"
#include "worker/rules/execution.hpp"

namespace divvy::worker {

class Runner {
 public:
  Runner() = default;
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  virtual ~Runner() = default;

  /// Starts an execution. One that cannot be started has ended, as failed.
  virtual void start(const Execution& execution, Time now) = 0;
  /// The executions that have ended since the last call.
  virtual std::vector<Ended> ended(Time now) = 0;
  /// When to ask again at the latest.
  [[nodiscard]] virtual std::optional<Time> deadline() const { return {}; }
  /// Readable when something may have ended, if there is such a descriptor.
  [[nodiscard]] virtual std::optional<int> fd() const { return {}; }

  /// Whether kill() has an effect: a process can be killed, a function cannot.
  [[nodiscard]] virtual bool can_kill() const { return true; }
  /// Ends these executions now; they end as killed, but for those that have ended already.
  virtual void kill(const std::unordered_set<std::uint64_t>& keys) = 0;

  /// The user stops this process (Ctrl-Z): what runs elsewhere stops with it, and goes on with it.
  virtual void pause() {}
  virtual void resume() {}
};

}  // namespace divvy::worker
