#include <unistd.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/command_text.hpp"
#include "common/log.hpp"
#include "common/program.hpp"
#include "common/program_path.hpp"
#include "common/quoting.hpp"
#include "worker/advice.hpp"
#include "worker/command_runner.hpp"
#include "worker/dry_runner.hpp"
#include "worker/filter_executor.hpp"
#include "worker/options.hpp"
#include "worker/rules/template.hpp"
#include "worker/sleep_runner.hpp"
#include "worker/task_executor.hpp"
#include "worker/worker.hpp"

namespace {

using namespace divvy;
using namespace divvy::worker;

// Within a line for people.
std::string shown(const std::vector<std::string>& command) {
  constexpr std::size_t enough = 60;
  const std::string text = quoted(command);
  return text.size() <= enough ? text : text.substr(0, enough) + "...";
}

std::optional<std::chrono::milliseconds> time_of(std::optional<double> seconds) {
  return seconds ? std::optional(from_seconds(*seconds)) : std::nullopt;
}

std::unique_ptr<Runner> make_runner(const Options& options, const std::string& name) {
  std::optional<Command> command;
  if (options.has_command()) command = options.make_command();
  if (options.dry_run) return std::make_unique<DryRunner>(std::move(command));
  if (!command) return std::make_unique<SleepRunner>();
  return std::make_unique<CommandRunner>(
      std::move(*command), CommandRunner::Settings{.worker = name,
                                                   .slots = options.slots,
                                                   .timeout = time_of(options.timeout),
                                                   .max_output = options.max_output,
                                                   .nice = options.nice});
}

// A dry run starts nothing.
StartDemands demands_of(const Options& options) {
  if (options.dry_run) return {};
  return {
      .delay = from_seconds(options.delay), .below_load = options.load, .memory = options.memfree};
}

std::unique_ptr<Executor> make_executor(const Options& options, const std::string& name) {
  if (!options.filter) {
    return std::make_unique<TaskExecutor>(make_runner(options, name), options.slots,
                                          options.first_slot, demands_of(options));
  }
  return std::make_unique<FilterExecutor>(
      FilterExecutor::Settings{.filter = {.command = options.make_command(),
                                          .worker = name,
                                          .delimiter = options.null_delimited ? '\0' : '\n',
                                          .timeout = time_of(options.timeout),
                                          .max_output = options.max_output,
                                          .nice = options.nice},
                               .name = "the filter " + shown(options.typed_command()),
                               .slots = options.slots,
                               .first_slot = options.first_slot,
                               .verbosity = options.common.verbosity()});
}

// Why the command cannot be found; empty: it can, or depends on the task.
std::string what_is_missing(const Options& options) {
  if (options.command.empty() || options.dry_run) return {};
  const std::string& program = options.command.front();
  const bool depends = Template(program, kNumberedColumns).has_placeholders();
  return depends ? std::string() : why_not_found(program);
}

// Of several workers on a machine, which number their slots one after the other, the first one says
// it for all.
void advise(const Options& options) {
  if (options.first_slot > 1) return;
  const Log log("worker", options.common.verbosity());
  const bool columns = !options.colsep.empty();
  for (const auto& line : advice(options.typed_command(), columns)) log.info(line);
  const std::string why = what_is_missing(options);
  if (!why.empty()) log.warn(why + "; tasks fail here until that is mended");
}

bool takes_workloads(const Options& options) {
  return !options.has_command() && !options.dry_run && !options.has_conditions();
}

// Behind the key on standard input.
std::optional<Lifeline> lifeline_of(const Options& options) {
  if (options.common.key != "-") return {};
  return Lifeline(STDIN_FILENO, from_seconds(options.lost_after));
}

// One for each address, alike but for where they are.
std::vector<Pipeline::Settings> pipelines_of(Options& options, const std::string& name) {
  std::vector<Pipeline::Settings> pipelines;
  const std::vector<std::string>& addresses = options.common.at;
  for (const Endpoints& endpoints : options.endpoints()) {
    pipelines.push_back({.endpoints = endpoints,
                         .lanes = lanes_beside(endpoints.feedback, options.lanes),
                         .inbox = options.inbox,
                         .name = name,
                         .pool = options.pool,
                         .command = command_text(options.typed_command(), options.colsep,
                                                 options.task_on_stdin, options.filter),
                         .workloads = takes_workloads(options),
                         .label = addresses.size() > 1 ? addresses[pipelines.size()] : "",
                         .verbosity = options.common.verbosity()});
  }
  return pipelines;
}

int run(Options& options) {
  if (!options.inbox.empty()) {
    options.inbox = with_address(options.inbox, Use::bind);
    require_private(options.inbox, options.common.is_protected());
  }
  options.check();
  const std::string name = options.name.empty() ? default_name() : options.name;
  std::vector<Pipeline::Settings> pipelines = pipelines_of(options, name);
  advise(options);
  return Worker({.key = options.common.key,
                 .is_protected = options.common.is_protected(),
                 .idle_timeout = time_of(options.idle_timeout),
                 .lifeline = lifeline_of(options),
                 .ready_file = options.ready_file,
                 .verbosity = options.common.verbosity()},
                std::move(pipelines), make_executor(options, name))
      .run();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const Program program{
      .name = "worker",
      .arguments = "[-c SCRIPT | -- COMMAND [ARG...]]",
      .description =
          "Runs COMMAND, without a shell, or SCRIPT by sh for each task, which {} stands\n"
          "for or which comes last. Without them a task is milliseconds to sleep.",
      .add_options = [&](CLI::App& app) { options.add_to(app); }};
  options.command = take_command(argc, argv);
  return run_program(program, argc, argv, [&](CLI::App&) { return run(options); });
}
