#include <CLI/CLI.hpp>

#include "hall/program.hpp"
#include "sink/options.hpp"
#include "sink/sink.hpp"

using namespace divvy;
using namespace divvy::sink;

int main(int argc, char** argv) {
  CLI::App app{"Collects the results of a batch and times it.", "sink"};
  Options options;
  options.add_to(app);
  return run_program(app, argc, argv, [&] {
    options.common.settle();
    return Sink(options).run();
  });
}
