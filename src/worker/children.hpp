// Tasks as commands: child processes, what they print, and how they end.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "worker/command.hpp"
#include "worker/runner.hpp"

namespace divvy::worker {

/// Each child is the leader of a process group of its own, with the task or nothing on its standard
/// input, none of our descriptors, and default signals. A job ends when its process does, with all
/// that was printed by then.
class Children : public Runner {
 public:
  struct Settings {
    std::string worker;                                // for DIVVY_WORKER
    std::optional<std::chrono::milliseconds> timeout;  // for each job
    std::size_t max_output = 64 << 20;                 // bytes of each stream
  };

  Children(Command command, Settings settings);
  ~Children() override;

  void start(const Job& job, Time now) override;
  std::vector<Ended> ended(Time now) override;
  [[nodiscard]] std::optional<Time> deadline() const override;
  [[nodiscard]] std::optional<int> fd() const override { return ready_.get(); }
  void kill(const std::unordered_set<std::uint64_t>& jobs) override;

 private:
  struct Child;

  void spawn(Child& child, const Job& job);
  [[nodiscard]] std::vector<std::string> environment_of(const Job& job) const;
  void watch(int fd, std::uint64_t job, unsigned role) const;
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
