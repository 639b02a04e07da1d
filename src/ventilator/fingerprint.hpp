// Short stand-ins for long texts, by which equal ones are known.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace divvy::ventilator {

/// 128 bits: among millions of texts no two have the same one by chance.
struct Fingerprint {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
};

Fingerprint fingerprint_of(std::string_view text);

/// The first half of it as 16 hexadecimal digits.
std::string fingerprint_text(std::string_view text);

}  // namespace divvy::ventilator
