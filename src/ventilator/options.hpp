// The ventilator's command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "hall/program.hpp"

namespace divvy::ventilator {

struct Options {
  CommonOptions common;
  std::optional<std::string> file;  // "-": standard input
  bool null_delimited = false;
  std::optional<std::uint64_t> random;
  std::uint32_t min_msec = 1;
  std::uint32_t max_msec = 100;
  std::optional<std::uint64_t> seed;
  std::size_t workers = 1;
  std::uint32_t retries = 0;
  std::string name;
  bool classic = false;

  void add_to(CLI::App& app);
};

}  // namespace divvy::ventilator
