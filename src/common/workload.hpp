// The guide's tasks: a number of milliseconds to sleep, in ASCII.
#pragma once

#include <charconv>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace divvy {

/// Some of the guide's programs send the NUL bytes that end or pad a C string, too.
inline std::string_view without_padding(std::string_view text) {
  while (text.ends_with('\0')) text.remove_suffix(1);
  return text;
}

/// Nothing unless `text` is a decimal number of milliseconds below 2^31 (24 days).
inline std::optional<std::chrono::milliseconds> parse_workload(std::string_view text) {
  text = without_padding(text);
  std::int32_t msec = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), msec);
  if (error != std::errc{} || end != text.data() + text.size() || msec < 0) return {};
  return std::chrono::milliseconds(msec);
}

}  // namespace divvy
