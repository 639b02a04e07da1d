#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "common/command_text.hpp"
#include "common/cores.hpp"
#include "common/log.hpp"
#include "common/program.hpp"
#include "common/quoting.hpp"
#include "common/standard_streams.hpp"
#include "divvy/hints.hpp"
#include "divvy/launcher.hpp"
#include "divvy/options.hpp"
#include "divvy/places.hpp"
#include "divvy/team.hpp"
#include "report/command.hpp"
#include "worker/advice.hpp"

namespace {

using namespace divvy;
using namespace divvy::launcher;

// Longer ones are no help on a terminal.
constexpr std::size_t kLongestCommand = 4000;

bool is_subcommand(std::string_view word) {
  return word == "ventilator" || word == "worker" || word == "sink";
}

[[noreturn]] void run_subcommand(char** words) {
  const std::string path = program_directory() + "/" + words[0];
  ::execv(path.c_str(), words);
  throw std::runtime_error(fmt::format("cannot run {}: {}", path, std::strerror(errno)));
}

// What runs only the failed tasks again; empty: nothing is recorded by which they are known.
std::string retry_command(const Options& options, std::vector<std::string> words) {
  if (options.sink.journal.empty()) return {};
  const bool has_name = !options.ventilator.name.empty();
  const std::string option = has_name ? "--retry-failed" : "--resume";
  const bool is_given = has_name ? options.ventilator.retry_failed : options.resume;
  if (!is_given) words.insert(words.begin() + 1, option);
  const std::string command = quoted_on_one_line(words);
  return command.size() <= kLongestCommand ? command : "the same command with " + option;
}

// What the user has typed, in the environment of the ventilator.
std::vector<std::string> for_ventilator(const Options& options,
                                        const std::vector<std::string>& words) {
  const worker::Options& tasks = options.worker;
  return {"DIVVY_RETRY_COMMAND=" + retry_command(options, words),
          "DIVVY_JOURNAL=" + options.sink.journal,
          "DIVVY_COMMAND=" +
              command_text(tasks.typed_command(), tasks.colsep, tasks.task_on_stdin, tasks.filter)};
}

// Dies of the signal: a shell's loop goes on after a command that exits with a status.
[[noreturn]] void die_of(int signal) {
  constexpr rlimit no_core{.rlim_cur = 0, .rlim_max = 0};
  ::setrlimit(RLIMIT_CORE, &no_core);
  ::signal(signal, SIG_DFL);
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, signal);
  sigprocmask(SIG_UNBLOCK, &only, nullptr);
  ::raise(signal);
  ::_exit(128 + signal);
}

void advise(const Options& options) {
  if (options.tasks_have_columns()) return;
  const std::string line = worker::advice_on_columns(options.worker.typed_command());
  if (!line.empty()) Log("divvy", options.common.verbosity()).info(line);
}

void refuse_with_hint(const std::string& line) {
  if (!line.empty()) throw std::invalid_argument(line);
}

int run(const CLI::App& app, const Options& options, const std::vector<std::string>& words) {
  refuse_with_hint(hint(app, words));
  options.check();
  const ventilator::Options& tasks = options.ventilator;
  if (!options.worker.has_command() && !tasks.random) {
    refuse_with_hint(tasks.lists.empty()
                         ? hint_at_commands(words, tasks.files, tasks.null_delimited)
                         : hint_at_commands_in(tasks.lists, words));
  }
  const Team team = team_of(options);
  advise(options);
  if (!team.others.empty()) make_room_for_children();
  int status = 0;
  int signal = 0;
  {  // the children and their directory are gone before this process dies
    Launcher launcher({.arguments = arguments_of(app, options),
                       .jobs = team.jobs_here,
                       .workers = options.worker.has_conditions() ? 1 : cores(),
                       .hosts = team.others,
                       .jobs_there = options.jobs.empty() ? "100%" : options.jobs,
                       .ssh = team.ssh,
                       .dry_run = options.worker.dry_run,
                       .environment = for_ventilator(options, words),
                       .verbosity = options.common.verbosity()});
    status = launcher.run();
    signal = launcher.stop_signal();
  }
  if (signal != 0) die_of(signal);
  return status;
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc > 1 && is_subcommand(argv[1])) run_subcommand(argv + 1);
  if (argc > 1 && argv[1] == std::string_view("report")) return report::run(argc - 1, argv + 1);
  Options options;
  const std::vector<std::string> words(argv, argv + argc);
  const Program program{
      .name = "divvy",
      .arguments = "[FILE...] [-c SCRIPT | -- COMMAND...] [::: VALUE...]",
      .description =
          "Runs COMMAND, or SCRIPT by sh, for each line of its input, or for each VALUE.\n"
          "{} {.} {/} {/.} {//} {#} {%} as in GNU parallel; without, the task comes last.",
      .add_options = [&](CLI::App& app) { options.add_to(app); },
      .hint = [&](const CLI::App& app) { return hint(app, words); }};
  options.ventilator.lists = ventilator::take_lists(argc, argv);
  options.worker.command = take_command(argc, argv);
  return run_program(program, argc, argv, [&](CLI::App& app) { return run(app, options, words); });
} catch (const std::exception& error) {
  tell_user(fmt::format("divvy: {}\n", error.what()));
  return kExitTrouble;
}
