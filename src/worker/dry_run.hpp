// Tasks that are not run: the output of each is the command that would be.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "worker/command.hpp"
#include "worker/runner.hpp"

namespace divvy::worker {

class DryRun : public Runner {
 public:
  /// Without a command a task is a number of milliseconds to sleep.
  explicit DryRun(std::optional<Command> command);

  void start(const Job& job, Time now) override;
  std::vector<Ended> ended(Time now) override;
  [[nodiscard]] std::optional<Time> deadline() const override;
  [[nodiscard]] std::optional<int> fd() const override { return {}; }
  void kill(const std::unordered_set<std::uint64_t>& /*jobs*/) override {}

 private:
  [[nodiscard]] std::string line(const Job& job) const;

  std::optional<Command> command_;
  std::vector<Ended> ended_;
};

}  // namespace divvy::worker
