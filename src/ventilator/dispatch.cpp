#include "ventilator/dispatch.hpp"

#include <algorithm>
#include <cmath>

namespace divvy::ventilator {
namespace {

// Beyond its slots a worker holds tasks for about this long, so that it does not stand idle while a
// result, its receipt and the next task are on their way, and brief ones travel by the dozen.
constexpr double kAheadNanoseconds = 20e6;
constexpr double kMostAhead = 65536;
// For tasks that take longer, a round trip does not matter.
constexpr double kLongTask = 1e9;
// How much the latest receipt counts in the mean.
constexpr double kLatest = 0.2;

}  // namespace

// --- workers come and go ------------------------------------------------------------------------

bool Dispatch::presence(const Presence& presence, const std::string& inbox, Time now) {
  const bool mine = presence.ventilator == settings_.self;
  if (mine && presence.sequence > orders_.sequence()) return false;
  const bool empty_handed =
      presence.running.empty() && presence.queued.empty() && presence.finished.empty();
  const bool farewell = presence.slots == 0 && empty_handed;

  if (!fleet_.find(presence.worker)) {
    if (farewell) return true;
    if (!make_room(now)) return false;
    welcome(presence, inbox, now);
  }
  Member& member = *fleet_.find(presence.worker);
  fleet_.heard(member, now);
  if (mine && presence.sequence >= member.probe) {
    member.probe = member.last_sent;
    member.answered = now;
  }
  if (now - member.answered > settings_.lost_after) open_lane(member, inbox, now);
  fleet_.update(member, [&](Member& changed) {
    changed.leaving = presence.slots == 0;
    if (presence.slots > 0) changed.slots = presence.slots;
    changed.up = mine && presence.sequence >= changed.greeting;
    changed.proven = changed.proven || changed.up;
  });
  // Of who has not answered on its lane nothing is believed: it may be invented.
  if (member.up && presence.batch == settings_.batch) reconcile(member, presence);
  touch(member);
  if (farewell) lose(presence.worker);
  return true;
}

// Whoever cannot be heard of on its lane is perhaps none; that many can be invented. Only when they
// take the room of others is the one that has been greeted for longest given up.
bool Dispatch::make_room(Time now) {
  if (fleet_.size() >= kMaxWorkers) return false;
  if (fleet_.unanswered() < kMaxUnanswered) return true;
  const auto [since, worker] = *fleet_.longest_unanswered();
  if (since + settings_.lost_after > now) return false;
  lose(worker);
  return true;
}

void Dispatch::welcome(const Presence& presence, const std::string& inbox, Time now) {
  Member& member = fleet_.add(presence.worker, now);
  if (!workloads_) workloads_ = presence.sleeps;
  open_lane(member, inbox, now);
}

// Also of a worker that is heard but does not hear: its lane was cut. Whatever was lost with it is
// found out from the next presence that answers.
void Dispatch::open_lane(Member& member, const std::string& inbox, Time now) {
  orders_.open(member.id, inbox);
  member.recalled = {};
  member.greeting = member.probe = orders_.to(member).sequence;
  member.answered = now;
}

// What a worker was sent and does not have, it gave back or never got: no harm done. What it has
// and was not sent by us, as far as we know, is its own if nobody else has it.
void Dispatch::reconcile(Member& member, const Presence& presence) {
  RangeSet reported;
  for (const auto* list : {&presence.running, &presence.queued, &presence.finished}) {
    for (const Range& ids : *list) reported.insert(ids);
  }
  std::vector<Range> missing;
  if (presence.ventilator == settings_.self) {
    for (const Member::Held& entry : member.held) {
      if (entry.sequence > presence.sequence) continue;
      for (const Range& part : reported.missing(entry.ids)) missing.push_back(part);
    }
  }
  for (const Range& part : missing) {
    for (const Range& ids : let_go(member, part)) tasks_.put_back(ids);
  }
  // In this order it has started them, or will.
  for (const auto* list : {&presence.running, &presence.finished, &presence.queued}) {
    for (const Range& ids : *list) adopt(member, ids);
  }
  recall_strays(member, presence.queued);
  member.note_finished(RangeSet(presence.finished));
  for (const Range& ids : presence.finished) {
    for (const Range& recorded : tasks_.done().common(ids)) {
      orders_.settle(member, {recorded, kAnyAttempt});
    }
    // Nobody will ever record them.
    if (const Range beyond = tasks_.beyond_input(ids); beyond.count > 0) {
      orders_.settle(member, {beyond, kAnyAttempt});
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

// Queued here, but recorded or given to somebody else. What was started is started.
void Dispatch::recall_strays(Member& member, const std::vector<Range>& queued) {
  RangeSet strays(queued);
  for (const Member::Held& entry : member.held) strays.erase(entry.ids);
  for (const Range& ids : strays.ranges()) orders_.recall(member, ids);
}

void Dispatch::lose(WorkerId worker) {
  Member* member = fleet_.find(worker);
  if (!member) return;
  for (const TaskId id : member->running()) {
    let_go(*member, {id, 1});
    tasks_.strike(id);
  }
  for (const Member::Held& entry : member->held) tasks_.put_back(entry.ids);
  fleet_.remove(worker);
  orders_.close(worker);
}

// --- receipts -----------------------------------------------------------------------------------

std::vector<Range> Dispatch::receipt(const Receipt& receipt, Time now) {
  if (receipt.worker != WorkerId::none && receipt.verdict != Verdict::failed) {
    const double each = static_cast<double>(receipt.busy) / static_cast<double>(receipt.ids.count);
    mean_ = mean_ ? *mean_ + kLatest * (each - *mean_) : each;
  }
  if (Member* member = fleet_.find(receipt.worker)) {
    orders_.settle(*member, {receipt.ids, receipt.attempt});
  }
  if (receipt.verdict == Verdict::retry) {
    retry(receipt, now);
    return {};
  }
  return record(receipt);
}

void Dispatch::retry(const Receipt& receipt, Time now) {
  Member* member = fleet_.find(receipt.worker);
  const TaskId id = receipt.ids.first;
  if (!member || !tasks_.is_current(id, receipt.attempt)) return;
  if (!let_go(*member, {id, 1}).empty()) tasks_.fail(id, now);
}

std::vector<Range> Dispatch::record(const Receipt& receipt) {
  const Range ids = receipt.ids;
  std::vector<Range> news = tasks_.record(ids, receipt.verdict == Verdict::failed);
  if (Member* member = fleet_.find(receipt.worker)) {
    let_go(*member, ids);
  } else if (receipt.worker == WorkerId::none) {
    // The receipt that named the worker may have been lost with a connection.
    for (auto& [id, other] : fleet_.members()) {
      for (const Range& part : let_go(other, ids)) orders_.settle(other, {part, kAnyAttempt});
    }
  }
  return news;
}

std::vector<Range> Dispatch::let_go(Member& member, Range ids) {
  std::vector<Range> gone;
  fleet_.update(member, [&](Member& changed) { gone = changed.let_go(ids); });
  touch(member);
  return gone;
}

// --- decisions ----------------------------------------------------------------------------------

Orders Dispatch::decide(Time now) {
  lose_silent(now);
  tasks_.release(now);
  const bool can_start = sink_ready_ && fleet_.up() >= settings_.workers_wanted;
  if (can_start && tasks_.known() > 0) started_ = true;
  if (stopped_) {
    recall_all();
  } else if (started_) {
    fill_free_slots();
    fill_ahead();
    // A slot is free and nothing is pending: what waits behind others is called back for it.
    if (tasks_.pending() == 0) recall(fleet_.free_slots());
  }
  touched_.clear();
  return orders_.take();
}

std::optional<Time> Dispatch::deadline() const {
  std::optional<Time> next;
  if (const auto silent = fleet_.most_silent()) {
    // To know silence from oversleeping it looks more often than it would have to.
    next = std::min(silent->first + settings_.lost_after, looked_ + settings_.lost_after / 4);
  }
  if (const auto retry = tasks_.deadline()) next = next ? std::min(*next, *retry) : retry;
  return next;
}

void Dispatch::lose_silent(Time now) {
  // Who did not look for so long was asleep itself, and has not heard yet what was said meanwhile.
  const bool overslept = now - std::exchange(looked_, now) > settings_.lost_after / 2;
  if (overslept) {
    for (auto& [id, member] : fleet_.members()) fleet_.heard(member, now);
  }
  while (const auto silent = fleet_.most_silent()) {
    if (silent->first + settings_.lost_after > now) return;
    lose(silent->second);
  }
}

// One task at a time to each in turn, so that all share what there is.
void Dispatch::fill_free_slots() {
  while (tasks_.pending() > 0 && !idle_.empty()) {
    const WorkerId id = idle_.front();
    idle_.pop_front();
    Member* member = fleet_.find(id);
    if (!member) continue;
    member->idle = false;
    if (member->busy() < member->offered()) give(*member, 1);
  }
}

void Dispatch::fill_ahead() {
  for (const WorkerId id : std::exchange(touched_, {})) {
    Member* member = fleet_.find(id);
    if (!member || member->offered() == 0 || member->load < member->slots) continue;
    const std::uint64_t ahead = member->load - member->slots;
    const std::uint64_t wanted = depth(*member);
    // Half-empty first: few large messages rather than many small ones.
    if (ahead > wanted / 2 || ahead == wanted) continue;
    give(*member, wanted - ahead);
  }
}

// As much as hides the round trip, but never more than half of a worker's share of what is pending,
// so that there is none for the last tasks of a batch.
std::uint64_t Dispatch::depth(const Member& member) const {
  if (!mean_ || *mean_ > kLongTask) return 0;
  const double slots = member.slots;
  const double hidden = std::ceil(slots * kAheadNanoseconds / std::max(*mean_, 1.0));
  const double share =
      static_cast<double>(tasks_.pending()) * slots / (2.0 * static_cast<double>(fleet_.slots()));
  return static_cast<std::uint64_t>(std::min({hidden, share, kMostAhead}));
}

// The tasks come back with the worker's next presence.
void Dispatch::recall(std::uint64_t wanted) {
  for (const WorkerId id : fleet_.overfull()) {
    if (wanted == 0) return;
    Member& member = *fleet_.find(id);
    for (const Range& ids : member.queued_last(wanted)) {
      recall(member, ids);
      wanted -= ids.count;
    }
  }
}

// Which tasks a worker has started only it knows: all are asked back, and it keeps those.
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
  while (most > 0 && tasks_.pending() > 0) {
    const Portion portion = tasks_.take(most);
    orders_.give(member, portion);
    fleet_.update(member, [&](Member& changed) { changed.hold(portion.ids, changed.last_sent); });
    most -= portion.ids.count;
  }
  touch(member);
}

void Dispatch::touch(Member& member) {
  if (!member.idle && member.busy() < member.offered()) {
    member.idle = true;
    idle_.push_back(member.id);
  }
  if (touched_.empty() || touched_.back() != member.id) touched_.push_back(member.id);
}

void Dispatch::stop(bool abort) {
  stopped_ = true;
  if (!abort) return;
  for (auto& [id, member] : fleet_.members()) orders_.to(member);
  orders_.abort();
}

}  // namespace divvy::ventilator
