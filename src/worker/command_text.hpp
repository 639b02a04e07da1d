// What a worker runs, for people.
#pragma once

#include <string>
#include <vector>

namespace divvy::worker {

/// The words as a shell reads them, on a line that fits into a message. What is cut off is told
/// apart by a hash of the whole.
std::string command_text(const std::vector<std::string>& words);

}  // namespace divvy::worker
