#include "worker/options.hpp"

#include <CLI/CLI.hpp>

namespace divvy::worker {

void Options::add_to(CLI::App& app) {
  app.footer(
      "worker [OPTIONS] -- COMMAND [ARG...] runs COMMAND for each task, without a shell. {} in "
      "its\n"
      "words is the task, which comes last if there is no {}. Without a command, a task is a "
      "number\n"
      "of milliseconds to sleep.");
  const std::string tasks = "Tasks";
  app.add_option("-j,--slots", slots, "Run N tasks at once")
      ->type_name("N")
      ->check(CLI::Range(1, 100'000).description(""))
      ->capture_default_str()
      ->group(tasks);
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

}  // namespace divvy::worker
