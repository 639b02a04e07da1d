#include "common/program.hpp"
#include "sink/options.hpp"
#include "sink/sink.hpp"

using namespace divvy;
using namespace divvy::sink;

int main(int argc, char** argv) {
  Options options;
  const Program program{.name = "sink",
                        .description = "Collects the results of a batch and times it.",
                        .add_options = [&](CLI::App& app) { options.add_to(app); }};
  return run_program(program, argc, argv, [&](CLI::App&) {
    options.common.resolve("sink", {.results = Use::bind});
    return Sink(options).run();
  });
}
