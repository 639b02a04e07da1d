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
#include "worker/rules/command.hpp"
#include "worker/runner.hpp"

namespace divvy::worker {

/// Each child is the leader of a process group of its own, with the task or nothing on its standard
/// input, none of our descriptors, and default signals. An execution ends when its process does,
/// with all that was printed by then.
class CommandRunner : public Runner {
 public:
  struct Settings {
    std::string worker{};                                // for DIVVY_WORKER
    std::optional<std::chrono::milliseconds> timeout{};  // for each task
    std::size_t max_output = 0;  // bytes of each stream; with more the task is killed
  };

  CommandRunner(Command command, Settings settings);
  ~CommandRunner() override;

  void start(const Execution& execution, Time now) override;
  std::vector<Ended> ended(Time now) override;
  [[nodiscard]] std::optional<Time> deadline() const override;
  [[nodiscard]] std::optional<int> fd() const override { return ready_.get(); }
  void kill(const std::unordered_set<std::uint64_t>& keys) override;
  void pause() override { signal_all(SIGSTOP); }
  void resume() override { signal_all(SIGCONT); }

 private:
  struct Child;

  void spawn(Child& child, const Execution& execution);
  [[nodiscard]] std::vector<std::string> environment_of(const Execution& execution) const;
  void watch(int fd, std::uint64_t key, unsigned role) const;
  void signal_all(int signal) const;
  void drain(Child& child, unsigned role) const;
  void reap(Child& child);
  void enforce_deadlines(Time now);

  Command command_;
  Settings settings_;
  Descriptor ready_;  // epoll: readable when a child has printed or ended
  Descriptor nothing_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Child>> children_;
  std::vector<Ended> ended_;
};

}  // namespace divvy::worker
