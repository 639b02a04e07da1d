#include "ventilator/tasks.hpp"

#include <algorithm>

namespace divvy::ventilator {

void Tasks::grow(std::uint64_t known, bool all) {
  pool_.grow(known);
  whole_ = all;
}

Range Tasks::beyond_input(Range ids) const {
  if (!whole_ || ids.end() <= known() + 1) return {ids.first, 0};
  const TaskId first = std::max(ids.first, known() + 1);
  return {first, ids.end() - first};
}

// A task with a history travels by itself, for its attempt is its own.
Portion Tasks::take(std::uint64_t most) {
  const Range ids = troubles_.alike(pool_.next(most));
  pool_.claim(ids);
  const Troubles::History history = troubles_.of(ids.first);
  return {ids, history.attempt(), retries_ + 1 + history.strikes};
}

void Tasks::put_back(Range ids) {
  for (const Range& part : done_.missing(ids)) pool_.put_back(part);
}

void Tasks::strike(TaskId id) {
  if (done_.contains(id)) return;
  if (id > known()) return pool_.put_back({id, 1});  // it has no text to give up
  if (!troubles_.strike(id)) return given_up_.push_back(id);
  pool_.rank(id, Pool::kFirstOfAll);
  pool_.put_back({id, 1});
}

bool Tasks::is_current(TaskId id, std::uint32_t attempt) const {
  return !done_.contains(id) && attempt == troubles_.of(id).attempt();
}

void Tasks::release(Time now) {
  for (const TaskId id : troubles_.waited(now)) put_back({id, 1});
}

std::vector<Range> Tasks::record(Range ids, bool failed) {
  std::vector<Range> news = done_.missing(ids);
  done_.insert(ids);
  if (failed) {
    for (const Range& part : news) failed_.insert(part);
  }
  pool_.retire(ids);
  troubles_.forget(ids);
  return news;
}

}  // namespace divvy::ventilator
