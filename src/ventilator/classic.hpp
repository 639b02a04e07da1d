// The guide's ventilator: plain messages on the shared line.
#pragma once

#include <cstddef>
#include <memory>

#include "hall/program.hpp"
#include "ventilator/input.hpp"

namespace divvy::ventilator {

/// Waits for `workers` connected workers and a sink, signals the start to the sink and sends all
/// tasks. Nobody tells whether they arrive. Returns the exit status.
int run_classic(const CommonOptions& options, Input& input, std::size_t workers);

}  // namespace divvy::ventilator
