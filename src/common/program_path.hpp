// Where a command's program is.
#pragma once

#include <string>
#include <vector>

namespace divvy {

/// The paths to try for it, in this order: those in PATH, or the word itself if it has a slash.
std::vector<std::string> program_paths(const std::string& word);

/// Whether it can be run: a path, or a name to be found in PATH.
bool is_program(const std::string& word);

/// Why it cannot be run, for people; empty: nothing is known against it.
std::string why_not_found(const std::string& word);

}  // namespace divvy
