#include "ventilator/rules/fleet.hpp"

#include <iterator>

namespace divvy::ventilator {
namespace {

using namespace std::chrono_literals;

// For so long tasks may wait where slots are free. It is also how often at most they go from one
// such worker to another.
constexpr auto kMostWaiting = 1s;

std::uint64_t tasks_in(const std::vector<Range>& ranges) {
  std::uint64_t count = 0;
  for (const Range& ids : ranges) count += ids.count;
  return count;
}

}  // namespace

void Member::hold(Range ids, std::uint64_t sequence) {
  held_tasks += ids.count;
  if (!held.empty() && held.back().sequence == sequence && held.back().ids.end() == ids.first) {
    held.back().ids.count += ids.count;
  } else {
    held.push_back({ids, sequence});
  }
}

std::vector<Range> Member::release(Range ids) {
  std::vector<Range> released;
  for (std::size_t i = 0; i < held.size(); ++i) {
    Held& entry = held[i];
    const TaskId first = std::max(entry.ids.first, ids.first);
    const TaskId end = std::min(entry.ids.end(), ids.end());
    if (first >= end) continue;
    released.push_back({first, end - first});
    const Held rest{{end, entry.ids.end() - end}, entry.sequence};
    entry.ids.count = first - entry.ids.first;
    if (rest.ids.count == 0) continue;
    if (entry.ids.count == 0) {
      entry = rest;
    } else {
      held.insert(held.begin() + static_cast<std::ptrdiff_t>(i) + 1, rest);
      break;  // it was in the middle
    }
  }
  std::erase_if(held, [](const Held& entry) { return entry.ids.count == 0; });
  for (const Range& part : released) held_tasks -= part.count;
  recalled.erase(ids);
  finished.erase(ids);
  return released;
}

void Member::note_finished(const RangeSet& said) {
  finished = {};
  for (const Held& entry : held) {
    for (const Range& part : said.common(entry.ids)) finished.insert(part);
  }
}

void Member::note_waiting(const Presence& presence, Time now) {
  const std::uint64_t running = tasks_in(presence.running);
  left_with.reset();
  if (presence.queued.empty() || running >= presence.slots) {
    lets_wait_since.reset();
    return;
  }
  if (!lets_wait_since) lets_wait_since = now;
  if (now - *lets_wait_since < kMostWaiting) return;
  left_with = running + tasks_in(presence.finished);
}

std::vector<TaskId> Member::running() const {
  std::vector<TaskId> tasks;
  for (const Held& entry : held) {
    for (const Range& part : finished.missing(entry.ids)) {
      for (TaskId task = part.first; task < part.end(); ++task) {
        if (tasks.size() == slots) return tasks;
        tasks.push_back(task);
      }
    }
  }
  return tasks;
}

// Both are in the order in which tasks are held, and what is new comes last.
void Member::note_running(Time now) {
  std::vector<Run> found;
  auto rest = runs.begin();
  std::vector<TaskId> tasks = running();
  if (left_with) {
    const std::uint64_t ended = tasks_in(finished.ranges());
    tasks.resize(std::min<std::size_t>(tasks.size(), *left_with - std::min(*left_with, ended)));
  }
  for (const TaskId task : tasks) {
    const auto known =
        std::find_if(rest, runs.end(), [task](const Run& run) { return run.id == task; });
    found.push_back(known == runs.end() ? Run{task, now} : *known);
    if (known != runs.end()) rest = std::next(known);
  }
  runs = std::move(found);
}

std::vector<Range> Member::last_queued(std::uint64_t most) const {
  std::vector<Range> last;
  std::uint64_t rest = excess();
  for (auto entry = held.rbegin(); entry != held.rend() && rest > 0 && most > 0; ++entry) {
    const std::uint64_t count = std::min(rest, entry->ids.count);
    rest -= count;
    const auto parts = recalled.missing({entry->ids.end() - count, count});
    for (auto part = parts.rbegin(); part != parts.rend() && most > 0; ++part) {
      const std::uint64_t some = std::min(most, part->count);
      last.push_back({part->end() - some, some});
      most -= some;
    }
  }
  return last;
}

Member& Fleet::add(WorkerId id, std::string_view name, Time now) {
  Member& member = members_[id];
  member.id = id;
  member.name = name;
  member.silent_since = member.added = now;
  silence_.emplace(now, id);
  unanswered_.emplace(now, id);
  return member;
}

Member* Fleet::find(WorkerId id) {
  const auto at = members_.find(id);
  return at == members_.end() ? nullptr : &at->second;
}

void Fleet::remove(WorkerId id) {
  const auto at = members_.find(id);
  subtract(at->second);
  note_overfull(at->second, false);
  silence_.erase({at->second.silent_since, id});
  members_.erase(at);
}

void Fleet::note_presence(Member& member, Time now) {
  silence_.erase({member.silent_since, member.id});
  member.silent_since = now;
  silence_.emplace(now, member.id);
}

std::optional<std::pair<Time, WorkerId>> Fleet::most_silent() const {
  if (silence_.empty()) return {};
  return *silence_.begin();
}

std::optional<std::pair<Time, WorkerId>> Fleet::longest_unanswered() const {
  if (unanswered_.empty()) return {};
  return *unanswered_.begin();
}

void Fleet::subtract(const Member& member) {
  if (!member.proven) unanswered_.erase({member.added, member.id});
  up_ -= member.up ? 1 : 0;
  able_ -= member.able() ? 1 : 0;
  fit_ -= member.fit() ? 1 : 0;
  slots_ -= member.offered();
  busy_slots_ -= member.busy_slots();
  outstanding_ -= member.held_tasks;
}

void Fleet::add_up(Member& member) {
  if (!member.proven) unanswered_.emplace(member.added, member.id);
  up_ += member.up ? 1 : 0;
  able_ += member.able() ? 1 : 0;
  fit_ += member.fit() ? 1 : 0;
  slots_ += member.offered();
  busy_slots_ += member.busy_slots();
  outstanding_ += member.held_tasks;
  note_overfull(member, member.excess() > 0);
}

// Most change with each task that is given or done, so that must cost the same for any number.
void Fleet::note_overfull(Member& member, bool overfull) {
  if (overfull == member.overfull.has_value()) return;
  if (overfull) {
    member.overfull = overfull_.size();
    return overfull_.push_back(member.id);
  }
  const std::size_t place = *std::exchange(member.overfull, {});
  if (const WorkerId last = overfull_.back(); last != member.id) {
    overfull_[place] = last;
    members_.at(last).overfull = place;
  }
  overfull_.pop_back();
}

}  // namespace divvy::ventilator
