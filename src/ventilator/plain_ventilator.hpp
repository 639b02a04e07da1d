// The ventilator of the ZeroMQ Guide, --classic: plain messages, dealt round robin.
#pragma once

#include <cstddef>

#include "common/options.hpp"
#include "ventilator/input.hpp"

namespace divvy::ventilator {

/// Waits for `workers` connected workers and a sink, signals the start to the sink and sends all
/// tasks. Whether they arrive is not known. Returns the exit status.
int run_plain(const CommonOptions& options, Input& input, std::size_t workers);

}  // namespace divvy::ventilator
