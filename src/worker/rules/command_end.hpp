// How a running command comes to its end: what its process group is sent, and until when its output
// is read.
#pragma once

#include <algorithm>
#include <csignal>
#include <optional>

#include "common/time.hpp"

namespace divvy::worker {

/// Told what happens to a command, it says what to do. Whoever is to end gets SIGTERM, and after
/// the grace SIGKILL: all of the group, also when its leader, the command itself, has ended.
class CommandEnd {
 public:
  using Duration = Time::duration;
  static constexpr Duration kGrace = std::chrono::seconds(2);
  // Processes that outlive the command for a moment, such as the tee of a shell's
  // `exec > >(tee log)`, may still have something to print. A daemon has the output too, and never
  // closes it.
  static constexpr Duration kIdle = std::chrono::milliseconds(200);
  static constexpr Duration kReadOn = std::chrono::seconds(2);
  // Who ends a worker may send SIGTERM to all that descends from it, as Slurm does. The command may
  // be gone before the worker has heard of it; which of the two it was is known by then.
  static constexpr Duration kDoubt = std::chrono::milliseconds(500);

  explicit CommandEnd(std::optional<Time> timeout = {}) : timeout_(timeout) {}

  /// It is to end. Has no effect on one that has ended, or that is ending already.
  void ask() {
    if (leader_ended_ || phase_ != Phase::runs) return;
    phase_ = Phase::asking;
    next_at_ = Time{};
    asked_ = true;
  }
  /// It is to end at once: without the grace, and nothing more is read of one that has ended.
  void kill() {
    at_once_ = true;
    if (phase_ == Phase::killed) return;
    if (leader_ended_ && phase_ == Phase::runs) return;
    if (phase_ == Phase::runs) asked_ = true;
    phase_ = Phase::asked;
    next_at_ = Time{};
  }
  void printed(Time now) { printed_at_ = now; }
  /// `terminated`: by a SIGTERM, whoever has sent it.
  void leader_ended(Time now, bool terminated = false) {
    leader_ended_ = now;
    if (terminated && phase_ == Phase::runs) doubtful_until_ = now + kDoubt;
  }

  /// What to send to the group now; 0: nothing.
  int signal(Time now) {
    if (phase_ == Phase::runs && !leader_ended_ && timeout_ && *timeout_ <= now) {
      phase_ = Phase::asking;
      next_at_ = now;
      timed_out_ = true;
    }
    if (!next_at_ || *next_at_ > now) return 0;
    const bool first = phase_ == Phase::asking;
    phase_ = first ? Phase::asked : Phase::killed;
    next_at_ = first ? std::optional(now + kGrace) : std::nullopt;
    return first ? SIGTERM : SIGKILL;
  }

  /// Whether all is over. `output_open`: somebody still has one of its outputs. `group_left`: says
  /// whether anybody is left of the group; it is asked only when that matters.
  [[nodiscard]] bool over(Time now, bool output_open, const auto& group_left) const {
    if (!leader_ended_) return false;
    if (doubtful_until_ && now < *doubtful_until_ && !at_once_) return false;
    if (next_at_) return !output_open && !group_left();
    return !output_open || at_once_ || now >= read_until();
  }

  /// When to ask again at the latest.
  [[nodiscard]] std::optional<Time> deadline() const {
    if (next_at_) return next_at_;
    if (leader_ended_) return std::max(read_until(), doubtful_until_.value_or(Time{}));
    return phase_ == Phase::runs ? timeout_ : std::nullopt;
  }

  [[nodiscard]] bool timed_out() const { return timed_out_; }
  /// It was asked to end, or killed, for another reason than the timeout.
  [[nodiscard]] bool asked() const { return asked_; }
  /// Whether the group is to be ended even after its leader.
  [[nodiscard]] bool ending() const { return phase_ != Phase::runs; }

 private:
  enum class Phase { runs, asking, asked, killed };

  [[nodiscard]] Time read_until() const {
    const Time ended = leader_ended_.value_or(Time{});
    return std::min(std::max(ended, printed_at_) + kIdle, ended + kReadOn);
  }

  std::optional<Time> timeout_;
  Phase phase_ = Phase::runs;
  std::optional<Time> next_at_;  // when the next signal is due
  std::optional<Time> leader_ended_;
  std::optional<Time> doubtful_until_;
  Time printed_at_{};
  bool timed_out_ = false;
  bool asked_ = false;
  bool at_once_ = false;
};

}  // namespace divvy::worker
