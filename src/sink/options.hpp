// The sink's command line.
#pragma once

#include <cstdint>
#include <string>

#include "common/options.hpp"
#include "sink/printer.hpp"

namespace divvy::sink {

struct Options {
  CommonOptions common;
  Printer::Settings printing;
  std::string journal;           // none: results are not kept
  std::string summary;           // none: the figures are not kept
  std::string report;            // none: there is no page
  bool live = false;             // print lines while their tasks run
  std::string attempt_log;       // none: attempts are not listed
  std::string output_directory;  // none: outputs are not kept in files
  bool stay = false;
  std::uint64_t completions = 100;  // of the guide's batch

  void add_to(CLI::App& app);
  /// Those that matter also where all three are started together.
  void add_output_to(CLI::App& app);
};

}  // namespace divvy::sink
