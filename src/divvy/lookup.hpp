// What words on the command line stand for in this machine's directories.
#pragma once

#include <optional>
#include <string>

namespace divvy::launcher {

/// Whether it can be run: a path, or a name to be found in PATH.
bool is_program(const std::string& word);

/// The first task in a file, or on standard input ("-"), if that is a regular file, which is not
/// changed by looking: not even how far standard input has been read. Empty lines are none.
std::optional<std::string> first_task(const std::string& path, char delimiter);

}  // namespace divvy::launcher
