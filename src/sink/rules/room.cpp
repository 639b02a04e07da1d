#include "sink/rules/room.hpp"

#include <algorithm>

#include "sink/rules/batch.hpp"

namespace divvy::sink {

Room room_for_another(std::vector<PresentBatch> present, std::size_t most, Time now) {
  std::sort(present.begin(), present.end(), [](const PresentBatch& a, const PresentBatch& b) {
    return a.last_announced < b.last_announced;
  });
  Room room;
  for (const PresentBatch& batch : present) {
    const Time::duration silent = now - batch.last_announced;
    const bool too_many = present.size() - room.give_way.size() >= most;
    if (silent < (too_many ? Time::duration(kVentilatorGone) : kGivenUp)) break;
    room.give_way.push_back(batch.id);
  }
  room.there = present.size() - room.give_way.size() < most;
  return room;
}

}  // namespace divvy::sink
