// What has happened, as Dispatch is told: workers come and go, receipts arrive.
#include <algorithm>
#include <utility>

#include "common/presence_pace.hpp"
#include "common/smoothed.hpp"
#include "ventilator/rules/dispatch.hpp"
#include "ventilator/rules/limits.hpp"

namespace divvy::ventilator {
namespace {

using namespace std::chrono_literals;

// How much the latest receipt counts in the mean.
constexpr double kLatest = 0.2;
// A worker whose connection was cut, and not by its end, has made another one by then.
constexpr auto kTimeToReturn = 300ms;
// How long a worker that only fails gets nothing, the first time and at most.
constexpr auto kFirstSuspension = 1000ms;
constexpr auto kLongestSuspension = 16'000ms;
// A worker without tasks need not say as often that it is there as one that has some.
constexpr auto kIdleGrace = kIdlePresenceEvery - kPresenceEvery;

}  // namespace

// --- workers come and go ------------------------------------------------------------------------

bool Dispatch::presence(const Presence& presence, const std::string& inbox, Time now) {
  const bool mine = presence.ventilator == self_;
  if (mine && presence.sequence > orders_.sequence()) return false;
  const bool empty_handed =
      presence.running.empty() && presence.queued.empty() && presence.finished.empty();
  const bool farewell = presence.slots == 0 && empty_handed;

  if (!fleet_.find(presence.worker)) {
    if (farewell || inbox.empty()) return true;
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
  if (inbox != member.inbox) {
    open_lane(member, inbox, now);
  } else if (!inbox.empty() && now - member.answered > settings_.lost_after) {
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
    if (mine && presence.batch == batch_) changed.note_waiting(presence, now);
  });
  if (member.up && !workloads_) workloads_ = presence.workloads;
  // A worker that has not answered on its lane may be invented: nothing of what it says is
  // believed.
  const bool believed = member.up || (member.proven && inbox.empty());
  if (believed && member.reaches_sink && presence.batch == batch_) reconcile(member, presence);
  if (member.up && empty_handed && member.held_tasks == 0) {
    fleet_.note_presence(member, now + kIdleGrace);
  }
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

// Also for a known worker whose lane was cut, or who has taken another one, or who has none now.
// The next presence that answers shows which messages were lost.
void Dispatch::open_lane(Member& member, const std::string& inbox, Time now) {
  member.inbox = inbox;
  orders_.open(member, inbox);
  member.recalled = {};
  member.greeting_sequence = member.probe_sequence = orders_.message_for(member).sequence;
  member.answered = now;
}

// Tasks that a worker was sent and does not name are pending again: it gave them back or never got
// them; without a lane nothing is on its way to it. Tasks that it names and was not sent, as far as
// this ventilator knows, are adopted if no other worker has them: an earlier ventilator has sent
// them.
void Dispatch::reconcile(Member& member, const Presence& presence) {
  RangeSet reported;
  for (const auto* list : {&presence.running, &presence.queued, &presence.finished}) {
    for (const Range& ids : *list) reported.insert(ids);
  }
  std::vector<Range> missing;
  if (presence.ventilator == self_) {
    for (const Member::Held& entry : member.held) {
      const bool on_its_way = entry.sequence > presence.sequence && !member.inbox.empty();
      if (on_its_way) continue;
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
  note_duration(receipt);
  if (Member* member = fleet_.find(receipt.worker)) {
    orders_.settle(*member, {.ids = receipt.ids, .attempt = receipt.attempt});
    member->together = receipt.ids.count;
    judge(*member, succeeded, now);
  }
  if (receipt.verdict == Verdict::retry) {
    retry(receipt, now);
    return {};
  }
  return record(receipt);
}

// Tasks that fail often end at once. So they count only while none has succeeded: where all fail it
// must not take a round trip for each.
void Dispatch::note_duration(const Receipt& receipt) {
  const bool succeeded = receipt.verdict == Verdict::succeeded;
  if (receipt.worker == WorkerId::none) return;
  forecast_.ended(receipt.ids, std::chrono::nanoseconds(receipt.duration),
                  receipt.verdict != Verdict::retry);
  if (!succeeded && some_succeeded_) return;
  if (succeeded && !std::exchange(some_succeeded_, true)) mean_.reset();
  const double each =
      static_cast<double>(receipt.duration) / static_cast<double>(receipt.ids.count);
  mean_ = smoothed(mean_, each, kLatest);
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
  if (!member.named && somebody_succeeds()) {
    member.named = true;
    orders_.notice(
        {.what = Orders::Notice::What::suspended, .name = member.name, .tasks = member.failures});
  }
  member.suspension = std::clamp(2 * member.suspension, kFirstSuspension, kLongestSuspension);
  suspended_[member.id] = now + member.suspension;
  fleet_.update(member, [](Member& changed) { changed.standing = Member::Standing::suspended; });
  for (const Range& ids : member.last_queued(member.held_tasks)) recall(member, ids);
}

bool Dispatch::somebody_succeeds() {
  const auto& members = fleet_.members();
  return std::any_of(members.begin(), members.end(),
                     [](const auto& one) { return one.second.has_succeeded; });
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
  forecast_.recorded(ids);
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

}  // namespace divvy::ventilator
