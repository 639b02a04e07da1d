// What a worker does with a task: the only thing in which workers differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
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

  /// Why the machine has no room for one more execution now; nothing if it has.
  using NoRoom = std::optional<std::string>;
  /// Starts an execution, if there is room. One that cannot be run has ended, as failed.
  virtual NoRoom start(const Execution& execution, Time now) = 0;
  /// The executions that have ended since the last call.
  virtual std::vector<Ended> ended(Time now) = 0;
  /// When to ask again at the latest.
  [[nodiscard]] virtual std::optional<Time> deadline() const { return {}; }
  /// Readable when something may have ended, if there is such a descriptor.
  [[nodiscard]] virtual std::optional<int> fd() const { return {}; }

  using Which = std::function<bool(std::uint64_t key)>;
  /// Whether these executions, while they run, may have printed lines that were not taken yet.
  [[nodiscard]] virtual bool has_printed(const Which& /*which*/) const { return false; }
  /// Takes such lines, about `most` bytes of them: views, until another member is called.
  virtual std::vector<PrintedLines> take_printed(const Which& /*which*/, std::size_t /*most*/) {
    return {};
  }
  /// What was taken of these is lost: all of it can be taken once more.
  virtual void untake_printed(const Which& /*which*/) {}

  /// Whether kill() has an effect: a process can be killed, a function cannot.
  [[nodiscard]] virtual bool can_kill() const { return true; }
  /// Ends these executions, but for those that have ended already: at once, or as soon as they can.
  virtual void ask_to_end(const std::unordered_set<std::uint64_t>& keys) { kill(keys); }
  virtual void kill(const std::unordered_set<std::uint64_t>& keys) = 0;

  /// The user stops this process (Ctrl-Z): what runs elsewhere stops with it, and goes on with it.
  virtual void pause() {}
  virtual void resume() {}
};

}  // namespace divvy::worker
