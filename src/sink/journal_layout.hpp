// The tables of a journal, which docs/journal.md describes.
#pragma once

#include "common/database.hpp"

namespace divvy::sink {

/// Makes the tables, or those of an earlier layout into today's. Throws std::runtime_error with a
/// line for the user, also if the layout is a later one.
void lay_out(const Database& database);

}  // namespace divvy::sink
