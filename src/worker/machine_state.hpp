// The machine as the kernel tells of it.
#pragma once

#include <string>

#include "worker/rules/start_conditions.hpp"

namespace divvy::worker {

/// `root`: where /proc and /sys are.
MachineState read_machine(const std::string& root = "");

/// For people.
std::string text_of(const StartConditions::Shortfall& shortfall);

}  // namespace divvy::worker
