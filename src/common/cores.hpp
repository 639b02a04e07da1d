// How many tasks at once suit this machine.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace divvy {

/// How many cores this process may use: of those it is bound to, no more than its control groups
/// give it the time of.
std::uint32_t cores();

/// "4", "50%" of so many cores, rounded, "+1" and "-1" than there are: at least 1, at most
/// 4294967295. Nothing if it is none of these, or 0.
std::optional<std::uint32_t> parse_slots(std::string_view text, std::uint32_t cores);

/// "4", "0.5", or "80%" of so many cores: more than 0. Nothing if it is none of these.
std::optional<double> parse_load(std::string_view text, std::uint32_t cores);

}  // namespace divvy
