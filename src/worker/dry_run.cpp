#include "worker/dry_run.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "hall/quoting.hpp"
#include "worker/sleeper.hpp"

namespace divvy::worker {
DryRun::DryRun(std::optional<Command> command) : command_(std::move(command)) {}

// One that could not be run fails in the manner of a command: its complaint is seen with --quiet.
void DryRun::start(const Job& job, Time /*now*/) {
  Ended ended{job.number, Outcome::exited, 0, {}, {}, {}};
  try {
    ended.output = line(job) + '\n';
  } catch (const std::exception& error) {
    ended.status = 1;
    ended.errors = fmt::format("{}\n", error.what());
  }
  ended_.push_back(std::move(ended));
}

std::string DryRun::line(const Job& job) const {
  if (!command_) {
    const auto msec = workload_of(job).count();
    return fmt::format("sleep {}.{:03}", msec / 1000, msec % 1000);
  }
  std::string command = quoted(command_->with(job));
  if (!command_->task_on_stdin()) return command;
  const std::vector<std::string> feed{"printf", "%s\\n", std::string(job.text)};
  check_arguments(feed);
  return quoted(feed) + " | " + command;
}

std::vector<Ended> DryRun::ended(Time /*now*/) { return std::exchange(ended_, {}); }

std::optional<Time> DryRun::deadline() const {
  return ended_.empty() ? std::nullopt : std::optional<Time>(Time{});
}

}  // namespace divvy::worker
