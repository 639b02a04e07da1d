// Tasks that are not run: the output of each is the command that would be.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "worker/rules/command.hpp"
#include "worker/runner.hpp"

namespace divvy::worker {

class DryRunner : public Runner {
 public:
  /// Without a command a task is a number of milliseconds to sleep.
  explicit DryRunner(std::optional<Command> command);

  NoRoom start(const Execution& execution, Time now) override;
  std::vector<Ended> ended(Time now) override;
  [[nodiscard]] std::optional<Time> deadline() const override;
  void kill(const std::unordered_set<std::uint64_t>& /*keys*/) override {}

 private:
  [[nodiscard]] std::string line(const Execution& execution) const;

  std::optional<Command> command_;
  std::vector<Ended> ended_;
};

}  // namespace divvy::worker
