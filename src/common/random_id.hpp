// Ids that nobody else has.
#pragma once

#include <cstdint>

namespace divvy {

/// Random bits from the operating system, not all of them 0.
std::uint64_t random_id();

}  // namespace divvy
