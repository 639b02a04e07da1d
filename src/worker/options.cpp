#include "worker/options.hpp"

#include <CLI/CLI.hpp>

namespace divvy::worker {

void Options::add_to(CLI::App& app) {
  app.footer(
      "Examples:\n"
      "  worker -j 4 -- sha256sum {}\n"
      "  worker --timeout 60 -- sh -c {}   # each task is a command line");
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
  app.add_option("--max-output", max_output, "Kill a task that prints more")
      ->type_name("BYTES")
      ->transform(size_between(0, 100 << 20))
      ->default_str("64m")
      ->group(tasks);
  common.add_to(app);
  app.add_option("--inbox", inbox, "Where to listen for tasks")
      ->type_name("ENDPOINT")
      ->default_str("a free port")
      ->check(endpoint_check())
      ->group("Where to meet");
}

}  // namespace divvy::worker
