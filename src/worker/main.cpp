#include <algorithm>
#include <string_view>

#include "hall/program.hpp"
#include "worker/options.hpp"
#include "worker/worker.hpp"

using namespace divvy;
using namespace divvy::worker;

int main(int argc, char** argv) {
  Options options;
  const Program program{
      "worker", "[-- COMMAND [ARG...]]",
      "Runs COMMAND, without a shell, for each task, which {} stands for or which comes\n"
      "last. Without a COMMAND a task is a number of milliseconds to sleep.",
      [&](CLI::App& app) { options.add_to(app); }};
  // Whatever follows the first -- belongs to the command.
  char** const end = argv + argc;
  char** const dashes = std::find(argv, end, std::string_view("--"));
  if (dashes != end) options.command.assign(dashes + 1, end);
  return run_program(program, static_cast<int>(dashes - argv), argv, [&] {
    options.common.settle();
    if (!options.inbox.empty()) options.common.admit(options.inbox);
    options.check();
    return Worker(options).run();
  });
}
