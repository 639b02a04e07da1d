#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/log.hpp"
#include "common/peer_endpoint.hpp"
#include "common/program.hpp"
#include "worker/command_runner.hpp"
#include "worker/command_text.hpp"
#include "worker/dry_runner.hpp"
#include "worker/options.hpp"
#include "worker/program_path.hpp"
#include "worker/rules/template.hpp"
#include "worker/sleep_runner.hpp"
#include "worker/worker.hpp"

namespace {

using namespace divvy;
using namespace divvy::worker;

std::unique_ptr<Runner> make_runner(const Options& options, const std::string& name) {
  std::optional<Command> command;
  if (!options.command.empty()) {
    command.emplace(options.command, Command::Settings{.colsep = options.colsep,
                                                       .task_on_stdin = options.task_on_stdin});
  }
  if (options.dry_run) return std::make_unique<DryRunner>(std::move(command));
  if (!command) return std::make_unique<SleepRunner>();
  return std::make_unique<CommandRunner>(
      std::move(*command),
      CommandRunner::Settings{
          .worker = name,
          .slots = options.slots,
          .timeout = options.timeout ? std::optional(from_seconds(*options.timeout)) : std::nullopt,
          .max_output = options.max_output});
}

// With the options that give the same words another meaning.
std::string what_it_runs(const Options& options) {
  if (options.command.empty()) return {};
  std::vector<std::string> words;
  if (options.dry_run) words.emplace_back("--dry-run");
  if (options.task_on_stdin) words.emplace_back("--stdin");
  if (!options.colsep.empty()) words.insert(words.end(), {"--colsep", options.colsep});
  if (!words.empty()) words.emplace_back("--");
  words.insert(words.end(), options.command.begin(), options.command.end());
  return command_text(words);
}

// Of the workers that somebody starts together the one with the first slot tells it for all.
void warn_if_not_found(const Options& options) {
  if (options.command.empty() || options.dry_run || options.first_slot > 1) return;
  if (Template(options.command.front(), !options.colsep.empty()).has_placeholders()) return;
  const std::string why = why_not_found(options.command.front());
  if (why.empty()) return;
  Log("worker", options.common.verbosity()).warn(why + "; tasks fail here until that is mended");
}

int run(Options& options) {
  options.common.resolve();
  if (!options.inbox.empty()) require_private(options.inbox, options.common.is_protected());
  options.check();
  const std::string name = options.name.empty() ? default_name() : options.name;
  warn_if_not_found(options);
  return Worker({.endpoints = options.common.endpoints,
                 .inbox = options.inbox,
                 .key = options.common.key,
                 .name = name,
                 .pool = options.pool,
                 .command = what_it_runs(options),
                 .slots = options.slots,
                 .first_slot = options.first_slot,
                 .workloads = options.command.empty() && !options.dry_run,
                 .verbosity = options.common.verbosity()},
                make_runner(options, name))
      .run();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const Program program{
      .name = "worker",
      .arguments = "[-- COMMAND [ARG...]]",
      .description =
          "Runs COMMAND, without a shell, for each task, which {} stands for or which "
          "comes\nlast. Without a COMMAND a task is a number of milliseconds to sleep.",
      .add_options = [&](CLI::App& app) { options.add_to(app); }};
  options.command = take_command(argc, argv);
  return run_program(program, argc, argv, [&](CLI::App&) { return run(options); });
}
