// The workers as the ventilator knows them.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/range_set.hpp"
#include "common/time.hpp"
#include "divvy/protocol.hpp"

namespace divvy::ventilator {

/// A worker that has failed so many tasks and done none, or so many more in a row, may be what is
/// wrong.
inline constexpr std::uint32_t kMostFailures = 5;
inline constexpr std::uint32_t kMostFailuresInRow = 50;

/// One worker, and the tasks that it was given and has no receipt for.
struct Member {
  struct Held {
    Range ids;
    std::uint64_t sequence = 0;  // of the lane message that brought them; 0: adopted
  };
  struct Run {
    TaskId id = 0;
    Time since;  // when it was first seen to run
  };

  WorkerId id{};
  std::string name;  // for people
  std::string
      inbox;  // where its lane goes, or the name of one that it has opened; empty: it has none
  std::uint32_t slots = 0;  // of its last presence that did not say that it leaves
  bool leaving = false;
  bool reaches_sink = true;   // its results will arrive
  bool disconnected = false;  // since its last presence
  bool reserved = false;      // gets no more until it is empty, for a task that is to run alone
  bool alone = false;         // that is what it has
  /// One that only fails while others succeed is suspended, and then tried with single tasks.
  enum class Standing { good, suspended, on_trial };
  Standing standing = Standing::good;
  std::uint64_t together = 1;  // tasks of its latest result
  std::uint32_t failures = 0;  // since its last success
  bool has_succeeded = false;
  bool named = false;                       // to the user, as one that only fails
  std::chrono::milliseconds suspension{0};  // how long the next one is
  /// Of the lane's first message. A presence with this sequence or a later one shows that the lane
  /// works: the worker is up.
  std::uint64_t greeting_sequence = 0;
  bool up = false;
  bool proven = false;                  // it was up once: nobody has invented it
  std::uint64_t last_sent = 0;          // sequence of the latest lane message
  std::uint64_t message_round = 0;      // OrderBook gathers one for it in this round
  std::size_t message_place = 0;        // and there
  std::optional<std::size_t> overfull;  // its place in Fleet::overfull()
  /// If no presence names this sequence for `lost_after`, the lane was cut and is opened anew.
  std::uint64_t probe_sequence = 0;
  Time answered;      // when the probe before was answered, or the lane opened
  bool idle = false;  // is in dispatch's queue of those with a free slot
  Time silent_since;  // its last presence, or somewhat later if it had no tasks
  Time added;
  std::vector<Held> held;  // in the order in which they were sent
  std::uint64_t held_tasks = 0;
  RangeSet finished;      // of these, as it last said
  RangeSet recalled;      // of these, what it was asked to give back
  std::vector<Run> runs;  // as note_running() found them
  /// It lets tasks wait though slots are free: its machine has no room for them, or its user wants
  /// it so. Since when, and, once that is no passing moment, how many tasks it is left with.
  std::optional<Time> lets_wait_since;
  std::optional<std::uint64_t> left_with;

  void hold(Range ids, std::uint64_t sequence);
  /// Returns those of `ids` that it held, and holds them no longer.
  std::vector<Range> release(Range ids);
  /// Sets `finished` to those of `said` that it holds.
  void note_finished(const RangeSet& said);
  void note_waiting(const Presence& presence, Time now);
  /// How many tasks it holds that others could begin sooner.
  [[nodiscard]] std::uint64_t excess() const {
    return held_tasks - std::min<std::uint64_t>(held_tasks, left_with.value_or(slots));
  }
  /// The tasks that run in its slots, as far as can be known: it starts them in the order sent.
  [[nodiscard]] std::vector<TaskId> running() const;
  /// Brings `runs` up to date; those that are seen to wait are not among them.
  void note_running(Time now);
  /// The last `most` of the tasks in excess, without those already recalled.
  [[nodiscard]] std::vector<Range> last_queued(std::uint64_t most) const;

  /// Whether it can be given tasks at all.
  [[nodiscard]] bool able() const { return up && !leaving && reaches_sink; }
  /// Whether it is no worse than others, as far as its failures show.
  [[nodiscard]] bool fit() const {
    return able() && failures < (has_succeeded ? kMostFailuresInRow : kMostFailures);
  }
  /// Whether all of its slots are to be filled.
  [[nodiscard]] bool open() const {
    return able() && !reserved && !alone && standing == Standing::good;
  }
  /// Slots it offers, and those of them that are in use.
  [[nodiscard]] std::uint64_t offered() const {
    if (!able()) return 0;
    if (open()) return slots;
    const bool tried = standing == Standing::on_trial && !reserved && !alone;
    return std::min<std::uint64_t>(slots, std::max<std::uint64_t>(held_tasks, tried ? 1 : 0));
  }
  [[nodiscard]] std::uint64_t busy_slots() const {
    return std::min<std::uint64_t>(held_tasks, offered());
  }
  /// Of these, without those for whose tasks it is seen to wait.
  [[nodiscard]] std::uint64_t running_slots() const {
    return std::min<std::uint64_t>(busy_slots(), left_with.value_or(slots));
  }
  [[nodiscard]] bool has_free_slot() const { return held_tasks < offered(); }
};

/// All workers; finds the one that has been silent for longest, and adds up slots.
class Fleet {
 public:
  Member& add(WorkerId id, std::string_view name, Time now);
  [[nodiscard]] Member* find(WorkerId id);
  void remove(WorkerId id);

  void note_presence(Member& member, Time now);
  /// The worker that is silent for longest, and since when.
  [[nodiscard]] std::optional<std::pair<Time, WorkerId>> most_silent() const;

  /// How many have never answered on their lanes.
  [[nodiscard]] std::size_t unanswered() const { return unanswered_.size(); }
  /// Which of them was added first, and when.
  [[nodiscard]] std::optional<std::pair<Time, WorkerId>> longest_unanswered() const;

  [[nodiscard]] std::size_t size() const { return members_.size(); }
  /// Changes a member by `change(member)` and keeps the sums right.
  void update(Member& member, auto change) {
    subtract(member);
    change(member);
    add_up(member);
  }

  [[nodiscard]] std::size_t up() const { return up_; }
  /// Members that can be given tasks, and those of them that are fit.
  [[nodiscard]] std::size_t able() const { return able_; }
  [[nodiscard]] std::size_t fit() const { return fit_; }
  [[nodiscard]] std::uint64_t slots() const { return slots_; }
  [[nodiscard]] std::uint64_t free_slots() const { return slots_ - busy_slots_; }
  [[nodiscard]] std::uint64_t outstanding() const { return outstanding_; }
  /// Members with tasks in excess.
  [[nodiscard]] const std::vector<WorkerId>& overfull() const { return overfull_; }
  [[nodiscard]] auto& members() { return members_; }
  [[nodiscard]] const auto& members() const { return members_; }

 private:
  void subtract(const Member& member);
  void add_up(Member& member);
  void note_overfull(Member& member, bool overfull);

  std::unordered_map<WorkerId, Member> members_;
  std::set<std::pair<Time, WorkerId>> silence_;
  std::set<std::pair<Time, WorkerId>> unanswered_;  // by when they were added
  std::vector<WorkerId> overfull_;
  std::size_t up_ = 0;
  std::size_t able_ = 0;
  std::size_t fit_ = 0;
  std::uint64_t slots_ = 0;
  std::uint64_t busy_slots_ = 0;
  std::uint64_t outstanding_ = 0;
};

}  // namespace divvy::ventilator
