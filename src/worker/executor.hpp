// What runs tasks in the slots of a worker: the only thing in which workers differ.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/time.hpp"
#include "worker/rules/chunk.hpp"

namespace divvy::worker {

class Executor {
 public:
  Executor() = default;
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;
  virtual ~Executor() = default;

  /// How many consecutive tasks it would take at once now; 0: none.
  virtual std::uint64_t room(Time now) = 0;
  /// Why the machine has no room for what was to be started; nothing if it has.
  using NoRoom = std::optional<std::string>;
  /// Takes tasks, no more than there is room for, unless the machine has no room for them: then
  /// they are left where they are. Those that cannot be run have ended, as failed.
  virtual NoRoom start(Chunk& tasks, Time now) = 0;
  /// What has ended since the last call.
  virtual std::vector<EndedChunk> ended(Time now) = 0;
  using Which = std::function<bool(const Origin&)>;
  /// Of these tasks those that it has not begun, or has to begin anew, in any order: it does not
  /// have them any more.
  virtual std::vector<Chunk> take_back(const Which& /*which*/) { return {}; }

  /// Whether it has no tasks.
  [[nodiscard]] virtual bool idle() const = 0;
  [[nodiscard]] virtual std::uint32_t slots() const = 0;
  /// Of these, for how many the machine has room.
  [[nodiscard]] virtual std::uint32_t slots_now() const { return slots(); }
  /// How many slots these tasks occupy for longer than a moment.
  [[nodiscard]] virtual std::uint32_t occupied(const Which& which) const = 0;

  /// When to ask again at the latest.
  [[nodiscard]] virtual std::optional<Time> deadline() const { return {}; }
  /// Readable when something may have ended, if there is such a descriptor.
  [[nodiscard]] virtual std::optional<int> fd() const { return {}; }

  /// Whether these tasks, while they run, may have printed lines that were not taken yet.
  [[nodiscard]] virtual bool has_printed(const Which& /*which*/) const { return false; }
  /// Takes such lines, about `most` bytes of them: views, until another member is called.
  virtual std::vector<Fragment> take_printed(const Which& /*which*/, std::size_t /*most*/) {
    return {};
  }
  /// What was taken of these is lost: all of it can be taken once more.
  virtual void untake_printed(const Which& /*which*/) {}

  /// Whether kill() has an effect: a process can be killed, a function cannot.
  [[nodiscard]] virtual bool can_kill() const { return true; }
  /// Ends these tasks, but for those that have ended already: at once, or as soon as they can.
  virtual void ask_to_end(const Which& which) = 0;
  virtual void kill(const Which& which) = 0;

  /// The user stops this process (Ctrl-Z): what runs elsewhere stops with it, and goes on with it.
  virtual void pause() {}
  virtual void resume() {}
};

}  // namespace divvy::worker
