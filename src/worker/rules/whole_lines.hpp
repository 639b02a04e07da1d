// What of a command's output is passed on while it runs.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace divvy::worker {

/// A longer line is not passed on while its task runs, and neither is what follows it.
inline constexpr std::size_t kLongestLiveLine = 1 << 20;

/// Of what was printed the whole lines that begin at `from`: as many as `most` bytes have room for,
/// or a longer one alone. Empty: there is none.
inline std::string_view whole_lines(std::string_view printed, std::size_t from, std::size_t most) {
  const std::string_view rest = printed.substr(from, std::max(most, kLongestLiveLine));
  std::size_t last = rest.substr(0, most).rfind('\n');
  if (last == std::string_view::npos) last = rest.find('\n', std::min(most, rest.size()));
  return last == std::string_view::npos ? std::string_view() : rest.substr(0, last + 1);
}

}  // namespace divvy::worker
