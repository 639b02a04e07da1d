// Tasks as commands: child processes, what they print, and how they end.
#pragma once
#include <chrono>
#include <csignal>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "common/descriptor.hpp"
#include "worker/process.hpp"
#include "worker/rules/command.hpp"
#include "worker/runner.hpp"
#include "worker/watchdog.hpp"

namespace divvy::worker {

/// Each child is the leader of a session, and so of a process group, of its own, and has the task
/// or nothing on its standard input, none of our descriptors, default signals, and the limit on
/// descriptors that this process had when the runner was made. An execution ends when its process
/// does and its output has ended, or has been idle for a moment. When this process is killed, its
/// children are ended.
class CommandRunner : public Runner {
 public:
  struct Settings {
    std::string worker{};                                // for DIVVY_WORKER
    std::uint32_t slots = 1;                             // children at once
    std::optional<std::chrono::milliseconds> timeout{};  // for each task
    std::size_t max_output = 0;  // bytes of each stream; with more the task is killed
    std::optional<int> nice{};   // nothing: as this process
  };

  /// To be made before other threads are started.
  CommandRunner(Command command, Settings settings);
  ~CommandRunner() override;

  NoRoom start(const Execution& execution, Time now) override;
  std::vector<Ended> ended(Time now) override;
  [[nodiscard]] std::optional<Time> deadline() const override;
  [[nodiscard]] std::optional<int> fd() const override { return ready_.get(); }
  [[nodiscard]] bool has_printed(const Which& which) const override;
  std::vector<PrintedLines> take_printed(const Which& which, std::size_t most) override;
  void untake_printed(const Which& which) override;
  void ask_to_end(const std::unordered_set<std::uint64_t>& keys) override;
  void kill(const std::unordered_set<std::uint64_t>& keys) override;
  void pause() override { signal_all(SIGSTOP); }
  void resume() override { signal_all(SIGCONT); }

 private:
  struct Child;
  /// What a descriptor of a child is, in the lowest bits of what epoll hands back.
  enum Role : unsigned { kOutput, kErrors, kProcess };
  static constexpr unsigned kRoleBits = 2;

  [[nodiscard]] Descriptor input_of(const Execution& execution) const;
  void spawn(Child& child, const Execution& execution);
  [[nodiscard]] std::vector<std::string> environment_of(const Execution& execution) const;
  void signal_all(int signal) const;
  void drain(Child& child, unsigned role, std::size_t most, Time now);
  static void take_printed(Child& child, unsigned role, std::size_t most,
                           std::vector<PrintedLines>& all);
  [[nodiscard]] Ended end(Child& child) const;
  void advance(Time now);

  Command command_;
  Settings settings_;
  Inheritance inheritance_ = Inheritance::take();
  bool adopts_;  // it is the parent of what others leave behind, as process 1 of a container is
  Watchdog watchdog_;
  Descriptor ready_;  // epoll: readable when a child has printed or ended
  Descriptor nothing_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Child>> children_;
  std::vector<Ended> ended_;
};

}  // namespace divvy::worker
