#include "worker/options.hpp"

#include <CLI/CLI.hpp>
#include <stdexcept>

#include "worker/separator.hpp"

namespace divvy::worker {
namespace {

CLI::Validator separator_check() {
  const auto check = [](const std::string& value) -> std::string {
    try {
      const Separator separator(value);
      return {};
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
  };
  return {check, ""};
}

}  // namespace

void Options::add_to(CLI::App& app) {
  app.footer(
      "worker [OPTIONS] -- COMMAND [ARG...] runs COMMAND for each task, without a shell. In its "
      "words\n"
      "  {}    is the task, which comes last if none of these is there\n"
      "  {.}   without its extension          {/}   its base name\n"
      "  {/.}  base name without extension    {//}  its directory\n"
      "  {#}   the task's number              {%}   its slot's number\n"
      "  {1}   with --colsep its first column; also {1.}, {1/}, {1/.} and {1//}\n"
      "  \\{}   a literal {}; so with the others\n"
      "Without a command, a task is a number of milliseconds to sleep.");
  const std::string tasks = "Tasks";
  app.add_option("-j,--slots", slots, "Run N tasks at once")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000).description(""))
      ->capture_default_str()
      ->group(tasks);
  app.add_option("--first-slot", first_slot, "The number of the first slot, for {%}")
      ->type_name("K")
      ->check(CLI::Range(1, 1'000'000'000).description(""))
      ->capture_default_str()
      ->group(tasks);
  app.add_option("--colsep", colsep, "Tasks have columns, with this extended regex between them")
      ->type_name("REGEX")
      ->check(separator_check())
      ->group(tasks);
  app.add_flag("--stdin", task_on_stdin, "Give the task on standard input, not as an argument")
      ->group(tasks);
  app.add_flag("--dry-run", dry_run, "Print the commands instead of running them")->group(tasks);
  app.add_option("--timeout", timeout, "Kill a task's process group after that long")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.001, 1e9).description(""))
      ->group(tasks);
  app.add_option("--max-output", max_output, "Kill a task that prints more (default: 64 MiB)")
      ->type_name("BYTES")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->check(CLI::Range(0, 100 << 20).description(""))
      ->group(tasks);
  common.add_to(app);
  app.add_option("--inbox", inbox, "Where to listen for tasks (default: a free port)")
      ->type_name("ENDPOINT")
      ->check(endpoint_check())
      ->group("Where to meet");
}

void Options::check() const {
  if (!command.empty() || (colsep.empty() && !task_on_stdin)) return;
  throw std::invalid_argument("--colsep and --stdin are for a command; add -- COMMAND [ARG...]");
}

}  // namespace divvy::worker
