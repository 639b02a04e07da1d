#include "sink/rules/repetitions.hpp"

namespace divvy::sink {

bool Repetitions::is_one(WorkerId worker, const Result& result) {
  auto& slots = last_begun_[worker];
  const auto known = slots.find(result.slot);
  if (known != slots.end()) {
    if (result.started <= known->second) return true;
    known->second = result.started;
    return false;
  }
  if (slots_known_ < kMaxSlotsKnown) {
    slots.emplace(result.slot, result.started);
    ++slots_known_;
  }
  return false;
}

}  // namespace divvy::sink
