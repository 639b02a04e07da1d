#include "worker/dry_runner.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "common/quoting.hpp"
#include "worker/sleep_runner.hpp"

namespace divvy::worker {
namespace {

// Of what has come from a pipe only its name is left.
std::string fed_with_piece(const Execution& execution, const std::string& command) {
  const auto& piece = execution.piece;
  if (!piece || piece->file.empty()) {
    return fmt::format("{}  # on standard input: {}", command, execution.text);
  }
  const std::vector<std::string> from{"tail", "-c", fmt::format("+{}", piece->offset + 1),
                                      std::string(piece->file)};
  return fmt::format("{} | head -c {} | {}", quoted(from), piece->size, command);
}

}  // namespace

DryRunner::DryRunner(std::optional<Command> command) : command_(std::move(command)) {}

// A command that cannot be made exits with 1, not as Outcome::failed: what it says on standard
// error is printed with --quiet, too.
Runner::NoRoom DryRunner::start(const Execution& execution, Time /*now*/) {
  Ended ended{.key = execution.key, .outcome = Outcome::exited};
  try {
    ended.output = line(execution) + '\n';
  } catch (const std::exception& error) {
    ended.status = 1;
    ended.errors = fmt::format("{}\n", error.what());
  }
  ended_.push_back(std::move(ended));
  return {};
}

std::string DryRunner::line(const Execution& execution) const {
  if (!command_) {
    const auto msec = workload_of(execution).count();
    return fmt::format("sleep {}.{:03}", msec / 1000, msec % 1000);
  }
  std::string command = quoted(command_->with(execution));
  if (execution.form == TextForm::piece) return fed_with_piece(execution, command);
  if (!command_->task_on_stdin()) return command;
  std::vector<std::string> feed{"printf", "%s\\n"};
  for (auto& value : values_of(execution.form, execution.text)) feed.push_back(std::move(value));
  check_arguments(feed);
  return quoted(feed) + " | " + command;
}

std::vector<Ended> DryRunner::ended(Time /*now*/) { return std::exchange(ended_, {}); }

std::optional<Time> DryRunner::deadline() const {
  return ended_.empty() ? std::nullopt : std::optional<Time>(Time{});
}

}  // namespace divvy::worker
