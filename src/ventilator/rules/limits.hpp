// The most that a ventilator keeps for its peers; see "Limits" in docs/protocol.md.
#pragma once

#include <cstddef>
#include <cstdint>

namespace divvy::ventilator {

inline constexpr std::size_t kMaxWorkers = 100'000;
/// Workers that were greeted and have not answered: it costs nothing to invent one.
inline constexpr std::size_t kMaxUnanswered = 1000;
/// Tasks that workers say to hold, beyond what this ventilator gave to them.
inline constexpr std::uint64_t kMaxClaimed = 1 << 20;
/// Workers lost while they ran a task: then it is recorded as lost.
inline constexpr std::uint32_t kMaxStrikes = 3;

}  // namespace divvy::ventilator
