// The most that a ventilator keeps for its peers; see "Limits" in docs/protocol.md.
#pragma once

#include <cstddef>
#include <cstdint>

namespace divvy::ventilator {

inline constexpr std::size_t kMaxWorkers = 100'000;
/// Workers that were greeted and have not answered: inventing one costs nothing.
inline constexpr std::size_t kMaxUnanswered = 1000;
/// Tasks that a worker names and was not given are adopted only while all workers hold no more.
inline constexpr std::uint64_t kMaxClaimed = 1 << 20;
/// A task that has lost so many workers is recorded as lost.
inline constexpr std::uint32_t kMaxStrikes = 3;

}  // namespace divvy::ventilator
