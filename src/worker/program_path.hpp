// Where a command's program is.
#pragma once

#include <string>
#include <vector>

namespace divvy::worker {

/// The paths to try for it, in this order: those in PATH, or the word itself if it has a slash.
std::vector<std::string> program_paths(const std::string& word);

/// Why it cannot be run, for people; empty: nothing is known against it.
std::string why_not_found(const std::string& word);

}  // namespace divvy::worker
