#include "hall/program.hpp"
#include "sink/options.hpp"
#include "sink/sink.hpp"

using namespace divvy;
using namespace divvy::sink;

int main(int argc, char** argv) {
  Options options;
  const Program program{"sink", "", "Collects the results of a batch and times it.",
                        [&](CLI::App& app) { options.add_to(app); }};
  return run_program(program, argc, argv, [&] {
    options.common.settle();
    return Sink(options).run();
  });
}
