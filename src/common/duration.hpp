// Lengths of time as people write them.
#pragma once

#include <optional>
#include <string_view>

namespace divvy {

/// How many seconds "90", "1.5", "250ms", "90s", "5m" or "2h" are; nothing if it is anything else.
std::optional<double> parse_seconds(std::string_view text);

}  // namespace divvy
