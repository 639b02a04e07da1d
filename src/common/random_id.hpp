// Ids that nobody else has.
#pragma once

#include <sys/random.h>

#include <cstdint>
#include <stdexcept>

namespace divvy {

/// Random bits from the operating system, not all of them 0.
inline std::uint64_t random_id() {
  std::uint64_t id = 0;
  while (id == 0) {
    if (::getrandom(&id, sizeof id, 0) != sizeof id) throw std::runtime_error("no random bits");
  }
  return id;
}

}  // namespace divvy
