// A task as a file.
#pragma once

#include <string_view>

#include "common/descriptor.hpp"

namespace divvy::worker {

/// A file in memory that holds the task and a newline, at its beginning: a process may read it as
/// its standard input or not, and writing never blocks. Throws std::system_error, or
/// Shortage.
Descriptor task_file(std::string_view task);

}  // namespace divvy::worker
