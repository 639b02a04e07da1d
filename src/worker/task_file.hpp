// A task as a file.
#pragma once

#include <optional>
#include <string_view>

#include "common/descriptor.hpp"
#include "divvy/protocol.hpp"

namespace divvy::worker {

/// A file in memory that holds the task and a newline, at its beginning: a process may read it as
/// its standard input or not, and writing never blocks. Throws std::system_error, or
/// Shortage.
Descriptor task_file(std::string_view task);

/// The same of a piece of the input, which is as it is: without a newline behind it. Throws
/// std::runtime_error, too, with a line for people, if it cannot be read where it is, or is none.
Descriptor piece_file(const std::optional<Piece>& piece);

}  // namespace divvy::worker
