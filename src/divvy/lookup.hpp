// What is in the files that are named on the command line.
#pragma once

#include <optional>
#include <string>

namespace divvy::launcher {

/// The first task in a file, or on standard input ("-"), if that is a regular file, which is not
/// changed by looking: not even how far standard input has been read. Empty lines are none.
std::optional<std::string> first_task(const std::string& path, char delimiter);

}  // namespace divvy::launcher
