// Texts of tasks, and what they have printed, for a page.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace divvy::report {

/// At most about `most` bytes of it: where it is longer its beginning and its end, with "…" between
/// them. Characters of UTF-8 stay whole.
std::string shortened(std::string_view text, std::size_t most);

/// The last `most` bytes of it, or a few less, with "…" in front if that is not all.
std::string end_of(std::string_view text, std::size_t most);

}  // namespace divvy::report
