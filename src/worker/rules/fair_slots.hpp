// Shares the slots of a worker among its pipelines: each may have as many as any other, and what
// one does not need the others have.
//
// When a slot is free, it goes to a pipeline that has fewer than its share; of several to the one
// whose tasks have taken least time so far. Slots alone would not do: of two pipelines that share
// one slot, turn by turn, the one with the longer tasks would have most of the time.
//
// A ventilator replaces a task only when it knows that the one before is over. So whose turn it is
// may have no task for a moment, and a long one of another pipeline would have the slot then, each
// time again. So the slot is kept free for such a moment, if that has paid off lately.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "common/time.hpp"

namespace divvy::worker {

/// How many of `slots` one may have that would take all, while others want as many as `others`
/// says; rounded up, and at least 1.
std::uint32_t fair_share(std::uint32_t slots, std::vector<std::uint64_t> others);

class FairSlots {
 public:
  /// What a pipeline has, in tasks.
  struct Tasks {
    std::uint64_t startable = 0;  // at once
    std::uint64_t running = 0;    // or taken to be run
    [[nodiscard]] bool any() const { return startable + running > 0; }
  };

  /// One more pipeline; they are numbered from 0.
  void add() { pipelines_.emplace_back(); }
  [[nodiscard]] std::size_t size() const { return pipelines_.size(); }

  /// What one has now. To be called whenever that may have changed.
  void note(std::size_t pipeline, Tasks tasks, Time now);
  /// So many of its tasks have ended, which have taken so long together.
  void ended(std::size_t pipeline, std::uint64_t tasks, Time::duration took, Time now);

  struct Turn {
    std::optional<std::size_t> pipeline{};  // nothing: nobody's
    std::uint64_t most = 0;                 // that many tasks
  };
  /// Who may start tasks now, where there is room for `room` of them. `occupied`: how many of
  /// `slots` each has.
  Turn next(std::uint64_t room, std::uint32_t slots, const std::vector<std::uint32_t>& occupied,
            Time now);
  /// How many of `slots` a ventilator is to fill.
  [[nodiscard]] std::uint32_t share(std::size_t pipeline, std::uint32_t slots) const;
  /// Whether others have tasks than at the last call: then all shares are others, too.
  bool shares_changed(Time now);
  /// When to ask again at the latest.
  [[nodiscard]] std::optional<Time> deadline() const;

 private:
  struct Account {
    Tasks tasks{};
    double used = 0;                 // nanoseconds, by tasks that have ended
    std::optional<double> mean{};    // that one takes, lately
    std::optional<Time> ended_at{};  // the latest one
    Time::duration gap{};            // from there to when the next one came, as it was last
    std::uint64_t lately = 0;        // most tasks that it has had in this period
    std::uint64_t before = 0;        // in the one before
    bool counted = false;            // as one that has tasks

    /// With what is under way.
    [[nodiscard]] double charged() const;
    [[nodiscard]] std::uint64_t wants() const { return lately > before ? lately : before; }
    void begin_period() {
      before = lately;
      lately = tasks.startable + tasks.running;
    }
  };

  [[nodiscard]] static bool is_active(const Account& account, Time now);
  void forgive(Account& account, Time now);
  [[nodiscard]] std::vector<std::size_t> contenders_at(Time now) const;
  [[nodiscard]] bool comes_soon(const Account& account, Time now) const;
  [[nodiscard]] Time::duration moment() const;
  [[nodiscard]] Time::duration patience(const Account& account) const;

  std::vector<Account> pipelines_;
  std::optional<Time> hold_until_;  // a slot is kept free
  std::optional<Time> period_end_;
};

}  // namespace divvy::worker
