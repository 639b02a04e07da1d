// The texts of consecutive tasks, packed as they travel: each a 32-bit length and its bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "divvy/wire.hpp"

namespace divvy {

inline void append_text(std::string& packed, std::string_view text) { Writer{packed}(text); }

/// Calls `visit(text)` for each text; false if `packed` is not whole texts to its end.
bool for_each_text(std::string_view packed, auto visit) {
  Reader reader{packed};
  while (!reader.at_end()) {
    std::string_view text;
    reader(text);
    if (reader.ok()) visit(text);
  }
  return reader.ok();
}

inline bool holds_texts(std::string_view packed, std::uint64_t count) {
  std::uint64_t found = 0;
  return for_each_text(packed, [&](std::string_view) { ++found; }) && found == count;
}

}  // namespace divvy
