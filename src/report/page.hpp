// A report of a batch: one page of HTML that needs nothing else.
#pragma once

#include <optional>
#include <string>

#include "common/database.hpp"
#include "divvy/protocol.hpp"

namespace divvy::report {

/// Throws std::runtime_error with a line for the user if divvy was built without what draws it.
void check_can_be_made();

/// The page for a batch in a journal. Both throw std::runtime_error with a line for the user.
std::string page_of(const Database& journal, BatchId batch);
/// The batch that was begun last, with this name if there is one.
std::string page_of(const Database& journal, const std::optional<std::string>& name);

/// Throws std::runtime_error with a line for the user if it cannot be written; leaves it as it is.
void check_place(const std::string& path);
/// Puts the page in the place of the file, or in a pipe or the like. Throws as check_place() does.
void write_page(const std::string& path, const std::string& page);

}  // namespace divvy::report
