#include "ventilator/rules/dispatch.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ventilator/rules/limits.hpp"

namespace divvy::ventilator {
namespace {

using namespace std::chrono_literals;

// Beyond its slots a worker holds tasks for about this long, so that it does not stand idle while a
// result, its receipt and the next task are on their way, and brief ones travel by the dozen.
constexpr double kAheadNanoseconds = 20e6;
constexpr double kMostAhead = 65536;
// All runs of consecutive tasks that a worker holds are looked through for each receipt. If every
// second task is recorded already, each of the others is one.
constexpr std::size_t kMostRunsAhead = 1000;
// For tasks that take longer, a round trip does not matter.
constexpr double kLongTask = 1e9;
// How much the latest receipt counts in the mean.
constexpr double kLatest = 0.2;
// A worker whose connection was cut, and not by its end, has made another one by then.
constexpr auto kTimeToReturn = 300ms;
// How long a worker that only fails gets nothing, the first time and at most.
constexpr auto kFirstSuspension = 1000ms;
constexpr auto kLongestSuspension = 16'000ms;

}  // namespace

// --- workers come and go ------------------------------------------------------------------------

bool Dispatch::presence(const Presence& presence, const std::string& inbox, Time now) {
  const bool mine = presence.ventilator == self_;
  if (mine && presence.sequence > orders_.sequence()) return false;
  const bool empty_handed =
      presence.running.empty() && presence.queued.empty() && presence.finished.empty();
  const bool farewell = presence.slots == 0 && empty_handed;

  if (!fleet_.find(presence.worker)) {
    if (farewell) return true;
    if (!make_room(now)) return false;
    open_lane(fleet_.add(presence.worker, presence.name, now), inbox, now);
  }
  Member& member = *fleet_.find(presence.worker);
  fleet_.note_presence(member, now);
  member.disconnected = false;
  if (mine && presence.sequence >= member.probe_sequence) {
    member.probe_sequence = member.last_sent;
    member.answered = now;
  }
  if (now - member.answered > settings_.lost_after) {
    orders_.notice(
        {.what = Orders::Notice::What::does_not_hear, .name = member.name, .inbox = inbox});
    open_lane(member, inbox, now);
  }
  note_sink(member, presence.reaches_sink, now);
  fleet_.update(member, [&](Member& changed) {
    changed.leaving = presence.slots == 0;
    if (presence.slots > 0) changed.slots = presence.slots;
    changed.up = mine && presence.sequence >= changed.greeting_sequence;
    changed.proven = changed.proven || changed.up;
  });
  if (member.up && !workloads_) workloads_ = presence.workloads;
  // A worker that has not answered on its lane may be invented: nothing of what it says is
  // believed.
  if (member.up && member.reaches_sink && presence.batch == batch_) reconcile(member, presence);
  reconsider(member);
  if (farewell) forget(member);  // what it was sent meanwhile it does not run
  return true;
}

void Dispatch::note_sink(Member& member, bool reaches_sink, Time now) {
  if (reaches_sink) {
    cut_off_.erase(member.id);
  } else {
    cut_off_.try_emplace(member.id, now);
  }
  fleet_.update(member, [&](Member& changed) { changed.reaches_sink = reaches_sink; });
}

// Anybody can invent workers, which never answer on their lanes. So only so many may be
// unanswered; one more takes the place of the one that has been so for longest.
bool Dispatch::make_room(Time now) {
  if (fleet_.size() >= kMaxWorkers) return false;
  if (fleet_.unanswered() < kMaxUnanswered) return true;
  const auto [since, worker] = *fleet_.longest_unanswered();
  if (since + settings_.lost_after > now) return false;
  lose_worker(worker, "it has never answered");
  return true;
}

// Also for a known worker whose lane was cut. The next presence that answers shows which messages
// were lost.
void Dispatch::open_lane(Member& member, const std::string& inbox, Time now) {
  orders_.open(member, inbox);
  member.recalled = {};
  member.greeting_sequence = member.probe_sequence = orders_.message_for(member).sequence;
  member.answered = now;
}

// Tasks that a worker was sent and does not name are pending again: it gave them back or never got
// them. Tasks that it names and was not sent, as far as this ventilator knows, are adopted if no
// other worker has them: an earlier ventilator has sent them.
void Dispatch::reconcile(Member& member, const Presence& presence) {
  RangeSet reported;
  for (const auto* list : {&presence.running, &presence.queued, &presence.finished}) {
    for (const Range& ids : *list) reported.insert(ids);
  }
  std::vector<Range> missing;
  if (presence.ventilator == self_) {
    for (const Member::Held& entry : member.held) {
      if (entry.sequence > presence.sequence) continue;
      for (const Range& part : reported.missing(entry.ids)) missing.push_back(part);
    }
  }
  for (const Range& part : missing) {
    for (const Range& ids : release(member, part)) tasks_.put_back(ids);
  }
  // Running before queued: Member::running() takes the first tasks held for those that run.
  for (const auto* list : {&presence.running, &presence.finished, &presence.queued}) {
    for (const Range& ids : *list) adopt(member, ids);
  }
  recall_strays(member, presence.queued);
  member.note_finished(RangeSet(presence.finished));
  for (const Range& ids : presence.finished) {
    for (const Range& recorded : tasks_.done().common(ids)) {
      orders_.settle(member, {.ids = recorded, .attempt = kAnyAttempt});
    }
    // Such a result will never be recorded.
    if (const Range beyond = tasks_.beyond_input(ids); beyond.count > 0) {
      orders_.settle(member, {.ids = beyond, .attempt = kAnyAttempt});
    }
  }
}

void Dispatch::adopt(Member& member, Range ids) {
  ids.count -= tasks_.beyond_input(ids).count;
  if (ids.count == 0 || fleet_.outstanding() + ids.count > kMaxClaimed) return;
  for (const Range& found : tasks_.claim(ids)) {
    fleet_.update(member, [&](Member& changed) { changed.hold(found, 0); });
  }
}

// Tasks that are queued here, but recorded or given to another worker. Those that run, run on.
void Dispatch::recall_strays(Member& member, const std::vector<Range>& queued) {
  RangeSet strays(queued);
  for (const Member::Held& entry : member.held) strays.erase(entry.ids);
  for (const Range& ids : strays.ranges()) orders_.recall(member, ids);
}

void Dispatch::disconnected(WorkerId worker, Time now) {
  Member* member = fleet_.find(worker);
  if (!member) return;
  fleet_.note_presence(*member, now + kTimeToReturn - settings_.lost_after);
  member->disconnected = true;
}

void Dispatch::lose_worker(WorkerId worker, const std::string& reason) {
  Member* member = fleet_.find(worker);
  if (!member) return;
  const std::uint64_t held = member->held_tasks;
  for (const TaskId id : member->running()) {
    release(*member, {id, 1});
    tasks_.strike(id);
  }
  forget(*member, {.reason = reason, .tasks = held});
}

void Dispatch::forget(Member& member, const Orders::Close& loss) {
  for (const Member::Held& entry : member.held) tasks_.put_back(entry.ids);
  suspended_.erase(member.id);
  cut_off_.erase(member.id);
  if (reserved_ == member.id) reserved_ = WorkerId::none;
  orders_.close(member, loss);
  fleet_.remove(member.id);
}

// --- receipts -----------------------------------------------------------------------------------

std::vector<Range> Dispatch::receipt(const Receipt& receipt, Time now) {
  const bool succeeded = receipt.verdict == Verdict::succeeded;
  if (receipt.worker != WorkerId::none && succeeded) {
    const double each =
        static_cast<double>(receipt.duration) / static_cast<double>(receipt.ids.count);
    mean_ = mean_ ? *mean_ + kLatest * (each - *mean_) : each;
  }
  if (Member* member = fleet_.find(receipt.worker)) {
    orders_.settle(*member, {.ids = receipt.ids, .attempt = receipt.attempt});
    judge(*member, succeeded, now);
  }
  if (receipt.verdict == Verdict::retry) {
    retry(receipt, now);
    return {};
  }
  return record(receipt);
}

// A worker without the tool fails faster than others succeed, and would get most of the batch.
void Dispatch::judge(Member& member, bool succeeded, Time now) {
  if (succeeded && member.failures == 0 && member.has_succeeded) return;
  fleet_.update(member, [&](Member& changed) {
    changed.failures = succeeded ? 0 : changed.failures + 1;
    changed.has_succeeded = changed.has_succeeded || succeeded;
    if (succeeded) changed.standing = Member::Standing::good;
  });
  if (succeeded) {
    suspended_.erase(member.id);
    member.suspension = {};
    return reconsider(member);
  }
  const bool others_are_better = !member.fit() && fleet_.fit() > 0;
  if (!others_are_better || member.standing == Member::Standing::suspended) return;
  if (member.suspension == 0ms) {
    orders_.notice(
        {.what = Orders::Notice::What::suspended, .name = member.name, .tasks = member.failures});
  }
  member.suspension = std::clamp(2 * member.suspension, kFirstSuspension, kLongestSuspension);
  suspended_[member.id] = now + member.suspension;
  fleet_.update(member, [](Member& changed) { changed.standing = Member::Standing::suspended; });
  for (const Range& ids : member.last_queued(member.held_tasks)) recall(member, ids);
}

// Their time is over, or nobody is better.
void Dispatch::reinstate(Time now) {
  for (auto at = suspended_.begin(); at != suspended_.end();) {
    const bool all_fail = fleet_.fit() == 0;
    Member& member = *fleet_.find(at->first);
    const bool due = at->second <= now && member.standing == Member::Standing::suspended;
    if (all_fail || due) {
      const auto standing = all_fail ? Member::Standing::good : Member::Standing::on_trial;
      fleet_.update(member, [&](Member& changed) { changed.standing = standing; });
      reconsider(member);
    }
    if (due) at->second = Time::max();  // until it succeeds, or fails again
    at = all_fail ? suspended_.erase(at) : std::next(at);
  }
}

void Dispatch::retry(const Receipt& receipt, Time now) {
  Member* member = fleet_.find(receipt.worker);
  const TaskId id = receipt.ids.first;
  if (!member || !tasks_.is_current(id, receipt.attempt)) return;
  if (!release(*member, {id, 1}).empty()) tasks_.fail(id, member->id, now);
}

std::vector<Range> Dispatch::record(const Receipt& receipt) {
  const Range ids = receipt.ids;
  std::vector<Range> news = tasks_.record(ids, receipt.verdict == Verdict::failed);
  if (Member* member = fleet_.find(receipt.worker)) {
    release(*member, ids);
  } else if (receipt.worker == WorkerId::none) {
    // The receipt that named the worker may have been lost with a connection.
    for (auto& [id, other] : fleet_.members()) {
      for (const Range& part : release(other, ids))
        orders_.settle(other, {.ids = part, .attempt = kAnyAttempt});
    }
  }
  return news;
}

std::vector<Range> Dispatch::release(Member& member, Range ids) {
  std::vector<Range> released;
  fleet_.update(member, [&](Member& changed) {
    released = changed.release(ids);
    changed.alone = changed.alone && changed.held_tasks > 0;
  });
  reconsider(member);
  return released;
}

// --- decisions ----------------------------------------------------------------------------------

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
    // A slot is free and nothing is pending: tasks that are queued behind others are recalled for
    // it.
    if (tasks_.fresh() == 0) recall(fleet_.free_slots());
  }
  fill_candidates_.clear();
  return orders_.take();
}

std::optional<Time> Dispatch::deadline() const {
  std::optional<Time> next;
  if (const auto silent = fleet_.most_silent()) {
    // Deciding more often than needed shows when this process did not run for a while.
    next = std::min(silent->first + settings_.lost_after, looked_ + settings_.lost_after / 4);
  }
  const auto at_the_latest = [&](Time time) { next = std::min(next.value_or(time), time); };
  if (const auto retry = tasks_.deadline()) at_the_latest(*retry);
  for (const auto& [worker, since] : cut_off_) at_the_latest(since + settings_.lost_after);
  for (const auto& [worker, until] : suspended_) at_the_latest(until);
  return next;
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
  if (Member* reserved = fleet_.find(reserved_)) {
    if (reserved->able()) return reserved->held_tasks == 0 ? reserved : nullptr;
    unreserve();
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
  std::deque<WorkerId> still_idle;
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

// False: what there is, is not for this worker.
bool Dispatch::fill_slot(Member& member) {
  const bool other = fleet_.able() > (member.able() ? 1U : 0U);
  if (const auto failed = tasks_.second_attempts().next_failed(member.id, other)) {
    give(member, tasks_.take_again(*failed));
  } else if (tasks_.fresh() > 0) {
    give(member, 1);
  } else {
    return false;
  }
  return true;
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

// How many tasks a worker holds beyond its slots: as many as take the time of a round trip, but
// never more than half of its share of what is pending, so that the last tasks of a batch go to
// whoever is free first.
std::uint64_t Dispatch::depth(const Member& member) const {
  if (!mean_ || *mean_ > kLongTask) return 0;
  const double slots = member.slots;
  const double hidden = std::ceil(slots * kAheadNanoseconds / std::max(*mean_, 1.0));
  const double share =
      static_cast<double>(tasks_.fresh()) * slots / (2.0 * static_cast<double>(fleet_.slots()));
  return static_cast<std::uint64_t>(std::min({hidden, share, kMostAhead}));
}

// The tasks come back with the worker's next presence.
void Dispatch::recall(std::uint64_t wanted) {
  for (const WorkerId id : fleet_.overfull()) {
    if (wanted == 0) return;
    Member& member = *fleet_.find(id);
    for (const Range& ids : member.last_queued(wanted)) {
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

void Dispatch::give(Member& member, const Assignment& assignment) {
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
}

void Dispatch::stop(bool abort) {
  phase_ = Phase::stopped;
  if (!abort) return;
  for (auto& [id, member] : fleet_.members()) orders_.message_for(member);
  orders_.abort();
}

}  // namespace divvy::ventilator
