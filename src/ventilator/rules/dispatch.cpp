// What is to be done now: who gets which task.
#include "ventilator/rules/dispatch.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

namespace divvy::ventilator {
namespace {

// Beyond its slots a worker holds tasks for about this long, so that it does not stand idle while a
// result, its receipt and the next task are on their way, and brief ones travel by the dozen.
constexpr double kAheadNanoseconds = 20e6;
// All runs of consecutive tasks that a worker holds are looked through for each receipt. If every
// second task is recorded already, each of the others is one.
constexpr std::size_t kMostRunsAhead = 1000;
// For tasks that take longer, a round trip does not matter.
constexpr double kLongTask = 1e9;
constexpr std::size_t kManyWorkers = 100;
constexpr std::chrono::milliseconds kMostPatience(50);

}  // namespace

Orders Dispatch::decide(Time now) {
  lose_silent_workers(now);
  relieve_cut_off_workers(now);
  reinstate(now);
  tasks_.wake(now);
  const bool can_start = may_start_ && fleet_.up() >= settings_.workers_wanted;
  if (phase_ == Phase::gathering && can_start && tasks_.known() > 0) phase_ = Phase::handing_out;
  if (phase_ == Phase::stopped) {
    recall_all();
  } else if (phase_ == Phase::handing_out) {
    run_struck_alone();
    fill_free_slots();
    fill_ahead();
    // A slot is free and nothing is pending: tasks that wait elsewhere are recalled for it.
    if (tasks_.fresh() == 0) recall(fleet_.free_slots());
  }
  fill_candidates_.clear();
  note_running(now);
  return orders_.take();
}

std::optional<Time> Dispatch::deadline() const {
  std::optional<Time> next;
  if (const auto silent = fleet_.most_silent()) {
    // Deciding more often than needed shows when this process did not run for a while.
    next = std::min(silent->first + settings_.lost_after, looked_ + settings_.lost_after / 4);
  }
  next = earlier(next, tasks_.deadline());
  for (const auto& [worker, since] : cut_off_) next = earlier(next, since + settings_.lost_after);
  for (const auto& [worker, until] : suspended_) next = earlier(next, until);
  return next;
}

// What many workers say is heard together, for a turn of the ventilator costs more than a presence.
// But not if that takes more than a hundredth of a task's time.
std::chrono::milliseconds Dispatch::patience() const {
  if (fleet_.up() < kManyWorkers) return {};
  if (fleet_.outstanding() == 0) return kMostPatience;
  return std::min(kMostPatience, std::chrono::milliseconds(
                                     static_cast<std::int64_t>(mean_.value_or(kLongTask) / 1e8)));
}

void Dispatch::lose_silent_workers(Time now) {
  // This process has not run for a while: what workers said meanwhile is still to be received.
  const bool overslept = now - std::exchange(looked_, now) > settings_.lost_after / 2;
  if (overslept) {
    for (auto& [id, member] : fleet_.members()) fleet_.note_presence(member, now);
  }
  while (const auto silent = fleet_.most_silent()) {
    if (silent->first + settings_.lost_after > now) return;
    const bool disconnected = fleet_.find(silent->second)->disconnected;
    lose_worker(silent->second, disconnected ? "its connection is closed" : "it is silent");
  }
}

// Who does not reach the sink while we do has tasks whose results would never arrive.
void Dispatch::relieve_cut_off_workers(Time now) {
  if (!sink_reached_) {
    for (auto& [worker, since] : cut_off_) since = now;
  }
  std::erase_if(cut_off_, [&](const auto& one) {
    if (one.second + settings_.lost_after > now) return false;
    relieve(*fleet_.find(one.first));
    return true;  // its next presence brings it back
  });
}

void Dispatch::relieve(Member& member) {
  orders_.notice(
      {.what = Orders::Notice::What::cut_off, .name = member.name, .tasks = member.held_tasks});
  for (const Member::Held& entry : std::vector(member.held)) {
    orders_.recall(member, entry.ids);
    for (const Range& ids : release(member, entry.ids)) tasks_.put_back(ids);
  }
}

void Dispatch::run_struck_alone() {
  while (const auto id = tasks_.second_attempts().next_struck()) {
    Member* const member = empty_worker();
    if (member == nullptr) return reserve_worker();
    give_alone(*member, *id);
  }
  unreserve();
}

Member* Dispatch::empty_worker() {
  Member* const reserved = fleet_.find(reserved_);
  if (reserved && !reserved->able()) {
    unreserve();
  } else if (reserved && reserved->held_tasks == 0) {
    return reserved;
  }
  for (const WorkerId worker : idle_) {
    Member* const member = fleet_.find(worker);
    if (member && member->held_tasks == 0 && member->has_free_slot()) return member;
  }
  return nullptr;
}

// The one that is soonest empty; the others go on as usual meanwhile.
void Dispatch::reserve_worker() {
  if (fleet_.find(reserved_)) return;
  Member* best = nullptr;
  for (auto& [worker, member] : fleet_.members()) {
    if (!member.open()) continue;
    if (!best || member.held_tasks < best->held_tasks) best = &member;
  }
  if (best == nullptr) return;
  reserved_ = best->id;
  fleet_.update(*best, [](Member& changed) { changed.reserved = true; });
  for (const Range& ids : best->last_queued(best->held_tasks)) recall(*best, ids);
}

void Dispatch::unreserve() {
  if (Member* const reserved = fleet_.find(std::exchange(reserved_, WorkerId::none))) {
    fleet_.update(*reserved, [](Member& changed) { changed.reserved = false; });
    reconsider(*reserved);
  }
}

void Dispatch::give_alone(Member& member, TaskId id) {
  if (reserved_ == member.id) unreserve();
  give(member, tasks_.take_again(id));
  fleet_.update(member, [](Member& changed) { changed.alone = true; });
}

// One task to each worker after the other, so that all share what there is.
void Dispatch::fill_free_slots() {
  std::vector<WorkerId> still_idle;
  while ((tasks_.fresh() > 0 || !tasks_.second_attempts().empty()) && !idle_.empty()) {
    const WorkerId id = idle_.front();
    idle_.pop_front();
    Member* member = fleet_.find(id);
    if (!member) continue;
    member->idle = false;
    if (!member->has_free_slot() || fill_slot(*member)) continue;
    member->idle = true;
    still_idle.push_back(id);
  }
  idle_.insert(idle_.begin(), still_idle.begin(), still_idle.end());
}

// False: what there is, is not for this worker. One that is on trial gets first attempts only.
bool Dispatch::fill_slot(Member& member) {
  const bool trial = member.standing == Member::Standing::on_trial;
  const auto again = trial ? std::nullopt : next_failed_for(member);
  if (again) {
    give(member, tasks_.take_again(*again));
  } else if (tasks_.fresh() > 0) {
    give(member, 1);
  } else {
    return false;
  }
  return true;
}

// One that has failed elsewhere. One that has failed here only if nobody else will do better, or,
// where this worker has shown that it can succeed, if nobody else has time.
std::optional<TaskId> Dispatch::next_failed_for(const Member& member) const {
  const std::size_t better = fleet_.fit() > 0 ? fleet_.fit() - (member.fit() ? 1 : 0)
                                              : fleet_.able() - (member.able() ? 1 : 0);
  const auto elsewhere = tasks_.second_attempts().next_failed(member.id, better > 0);
  const bool others_are_busy = fleet_.free_slots() <= member.offered() - member.busy_slots();
  if (elsewhere || tasks_.fresh() > 0 || !others_are_busy) return elsewhere;
  if (!member.has_succeeded || !member.fit()) return {};
  return tasks_.second_attempts().next_failed(member.id, false);
}

void Dispatch::fill_ahead() {
  for (const WorkerId id : std::exchange(fill_candidates_, {})) {
    Member* member = fleet_.find(id);
    if (!member || !member->open() || member->held_tasks < member->slots) continue;
    const std::uint64_t ahead = member->held_tasks - member->slots;
    const std::uint64_t wanted = depth(*member);
    // Not before half of it is used up: few large messages rather than many small ones.
    if (ahead > wanted / 2 || ahead == wanted) continue;
    give(*member, wanted - ahead);
  }
}

// How many tasks a worker holds beyond its slots: as many as take the time of a round trip, or,
// where it does several together, enough for each slot to do twice as many, and the next. But never
// more than half of its share of what is pending, so that the last tasks of a batch go to whoever
// is free first.
std::uint64_t Dispatch::depth(const Member& member) const {
  if (!mean_ || *mean_ > kLongTask) return 0;
  const double slots = member.slots;
  const double in_time = std::ceil(slots * kAheadNanoseconds / std::max(*mean_, 1.0));
  const double together =
      member.together > 1 ? 4.0 * slots * static_cast<double>(member.together) : 0;
  const double hidden = std::max(in_time, together);
  const double share =
      static_cast<double>(tasks_.fresh()) * slots / (2.0 * static_cast<double>(fleet_.slots()));
  return static_cast<std::uint64_t>(
      std::min({hidden, share, static_cast<double>(settings_.most_ahead)}));
}

// The tasks come back with the worker's next presence.
void Dispatch::recall(std::uint64_t wanted) {
  for (const WorkerId id : fleet_.overfull()) {
    if (wanted == 0) return;
    Member& member = *fleet_.find(id);
    const std::uint64_t own = member.offered() - member.busy_slots();
    for (const Range& ids : member.last_queued(wanted - std::min(wanted, own))) {
      recall(member, ids);
      wanted -= ids.count;
    }
  }
}

// Only the worker knows which tasks it has started: all are recalled, and it keeps those.
void Dispatch::recall_all() {
  for (auto& [id, member] : fleet_.members()) {
    for (const Member::Held& entry : member.held) {
      for (const Range& ids : member.recalled.missing(entry.ids)) recall(member, ids);
    }
  }
}

void Dispatch::recall(Member& member, Range ids) {
  orders_.recall(member, ids);
  member.recalled.insert(ids);
}

void Dispatch::give(Member& member, std::uint64_t most) {
  while (most > 0 && tasks_.fresh() > 0 && member.held.size() < member.slots + kMostRunsAhead) {
    const Assignment assignment = tasks_.take(most);
    give(member, assignment);
    most -= assignment.ids.count;
  }
}

// The tasks must not be with a worker that is silent for longer than others that have some.
void Dispatch::give(Member& member, const Assignment& assignment) {
  if (member.silent_since > looked_) fleet_.note_presence(member, looked_);
  orders_.give(member, assignment);
  fleet_.update(member, [&](Member& changed) { changed.hold(assignment.ids, changed.last_sent); });
  reconsider(member);
}

void Dispatch::reconsider(Member& member) {
  if (!member.idle && member.has_free_slot()) {
    member.idle = true;
    idle_.push_back(member.id);
  }
  if (fill_candidates_.empty() || fill_candidates_.back() != member.id)
    fill_candidates_.push_back(member.id);
  if (tasks_take_long() && (touched_.empty() || touched_.back() != member.id))
    touched_.push_back(member.id);
}

void Dispatch::stop(bool abort) {
  phase_ = Phase::stopped;
  if (!abort) return;
  for (auto& [id, member] : fleet_.members()) orders_.message_for(member);
  orders_.abort();
}

void Dispatch::live(bool wanted) {
  if (wanted == orders_.live()) return;
  for (auto& [id, member] : fleet_.members()) orders_.message_for(member);
  orders_.live(wanted);
}

}  // namespace divvy::ventilator
