#include "worker/dry_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

#include "worker/sleeper.hpp"

namespace divvy::worker {
namespace {

// What a shell takes for more than a program's name where a command begins.
constexpr std::array<std::string_view, 17> kReserved{
    "case",     "coproc", "do", "done",   "elif", "else", "esac",  "fi",   "for",
    "function", "if",     "in", "select", "then", "time", "until", "while"};

bool is_plain(std::string_view word) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%_+=:,./-";
  return !word.empty() && word.find_first_not_of(plain) == std::string_view::npos;
}

bool is_program(std::string_view word) {
  return word.find('=') == std::string_view::npos &&
         std::find(kReserved.begin(), kReserved.end(), word) == kReserved.end();
}

std::string in_quotes(std::string_view word) {
  std::string quoted = "'";
  for (const char letter : word) letter == '\'' ? quoted += "'\\''" : quoted += letter;
  return quoted += '\'';
}

}  // namespace

std::string quoted(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    const bool as_it_is = is_plain(word) && (!line.empty() || is_program(word));
    if (!line.empty()) line += ' ';
    line += as_it_is ? word : in_quotes(word);
  }
  return line;
}

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
