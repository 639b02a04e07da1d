#include "ventilator/fingerprint.hpp"

#include <fmt/format.h>
#define XXH_INLINE_ALL
#include <xxhash.h>

namespace divvy::ventilator {

Fingerprint fingerprint_of(std::string_view text) {
  const XXH128_hash_t hash = XXH3_128bits(text.data(), text.size());
  return {.high = hash.high64, .low = hash.low64};
}

std::string fingerprint_text(std::string_view text) {
  return fmt::format("{:016x}", fingerprint_of(text).high);
}

}  // namespace divvy::ventilator
