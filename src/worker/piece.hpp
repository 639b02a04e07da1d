// Pieces of the input, where they are.
#pragma once

#include <optional>
#include <string>

#include "common/descriptor.hpp"
#include "divvy/protocol.hpp"

namespace divvy::worker {

// All of these throw std::runtime_error, with a line for people, if it cannot be done.

void check(const std::optional<Piece>& piece);
/// Of a piece that does not bring its bytes.
Descriptor open_file_of(const Piece& piece);
[[noreturn]] void fail_as_shorter(const Piece& piece);
/// Its bytes, wherever they are.
std::string bytes_of(const std::optional<Piece>& piece);

}  // namespace divvy::worker
