// The sink's command line.
#pragma once

#include <cstdint>
#include <optional>

#include "hall/program.hpp"
#include "sink/printer.hpp"

namespace divvy::sink {

struct Options {
  CommonOptions common;
  Printer::Settings printing;
  bool stay = false;
  bool classic = false;
  std::uint64_t completions = 100;  // of the guide's batch

  void add_to(CLI::App& app);
};

}  // namespace divvy::sink
