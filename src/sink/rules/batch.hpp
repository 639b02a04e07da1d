// The batch that is under way: what is known of it, and what is recorded. State and rules alone.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>
#include <vector>

#include "common/time.hpp"
#include "divvy/protocol.hpp"
#include "sink/rules/figures.hpp"
#include "sink/rules/repetitions.hpp"
#include "sink/rules/tally.hpp"
#include "sink/rules/time_average.hpp"

namespace divvy::sink {

/// A ventilator announces its batch every second; after such a silence it is gone.
inline constexpr std::chrono::seconds kVentilatorGone{3};

class Batch {
 public:
  /// `begun_before`: by an earlier ventilator, as the journal says.
  Batch(BatchId id, std::string_view name, bool begun_before);

  /// What becomes of a ventilator that announces the batch.
  enum class Claim {
    accepted,  // the batch is its own, or that of a former one which is gone
    open,      // until it is clear whether the former one is still there
    refused,   // the former one is
  };
  Claim claim(VentilatorId ventilator, Time now);
  /// The connection of its ventilator is closed.
  void ventilator_disconnected() { disconnected_ = true; }
  /// Takes over what an announcement says. True: its ventilator is new to the batch, the first one
  /// or one that was started again.
  bool update(const Announcement& announcement, Time now);
  /// Tasks that an earlier sink recorded.
  void restore(Range ids, bool succeeded);
  /// Tasks that are not run, since they have succeeded before.
  void skip(Range ids);
  /// Failed tasks count as not recorded.
  void forget_failed() { tally_.forget_failed(); }
  /// Takes a result and leaves a receipt, unless it was interrupted. Returns what of it is to be
  /// recorded, and of which tasks an attempt has ended.
  Tally::Ruling record(const Results& results, const Result& result, Time now);

  [[nodiscard]] BatchId id() const { return id_; }
  /// Some attempt has failed and was not the last one.
  [[nodiscard]] bool has_retried() const { return tally_.retried() > 0; }
  /// When the ventilator was heard last.
  [[nodiscard]] Time last_announced() const { return last_announced_; }
  /// Tasks are milliseconds to sleep.
  [[nodiscard]] bool workloads() const { return workloads_; }
  /// Its first task was handed out.
  [[nodiscard]] bool started() const { return started_.has_value(); }
  /// Whether these tasks are in the batch; true while its number of tasks is not known.
  [[nodiscard]] bool has(Range ids) const;
  /// Of a batch whose number of tasks is known.
  [[nodiscard]] bool all_recorded() const;
  /// Nothing more is to come, as far as the ventilator says, or because it has not been heard.
  [[nodiscard]] bool over(Time now) const;
  [[nodiscard]] bool runs_tasks() const { return figures_.busy_slots > 0; }
  /// The ventilator has left while tasks were running, perhaps for they were killed.
  [[nodiscard]] bool abandoned() const;
  /// The ventilator has not been heard for so long that it is gone.
  [[nodiscard]] bool ventilator_gone(Time now) const;
  /// When it is over if the ventilator stays silent.
  [[nodiscard]] std::optional<Time> deadline() const;

  /// Brings the figures up to date: the elapsed time ends at `now`, which is not before the latest
  /// announcement.
  const Figures& figures_at(Time now) { return figures(now, slots_.until(now)); }
  /// The same of a batch that is over: its last result ended it.
  const Figures& final_figures() { return figures(last_result_, slots_.until_mark()); }

  /// The message to the ventilator that has these receipts; `more`: of what is recorded follows.
  [[nodiscard]] Receipts message(std::vector<Receipt> receipts, bool more = false) const;
  /// From where on the ventilator is still to be told what is recorded; none: it knows. On each new
  /// connection it is told anew: it may be a new one, or receipts may have been lost with the old
  /// connection.
  [[nodiscard]] std::optional<TaskId> unstated() const { return unstated_; }
  void state_anew() { unstated_ = 1; }
  void stated_until(std::optional<TaskId> next) { unstated_ = next; }
  [[nodiscard]] RecordedPart recorded_from(TaskId from) const { return tally_.recorded_from(from); }
  [[nodiscard]] bool is_recorded(TaskId id) const { return tally_.is_recorded(id); }
  [[nodiscard]] const std::vector<Receipt>& unsent_receipts() const { return receipts_; }
  void receipts_sent() { receipts_.clear(); }

 private:
  const Figures& figures(Time end, double mean_slots);
  void started_by(Time time);
  void note_outlook(const Announcement& announcement, Time now);
  Tally::Ruling rule(const Results& results, const Result& result);
  void add_receipt(const Results& results, const Result& result, Range ids, Verdict verdict);

  BatchId id_;
  bool resumed_;  // an earlier ventilator has begun it
  VentilatorId ventilator_{};
  bool disconnected_ = false;  // that one
  VentilatorId rival_{};       // another one that has announced the batch,
  Time rival_since_;           // for the first time
  BatchState state_ = BatchState::open;
  Time last_announced_;
  std::optional<Time> started_;  // when its first task was handed out, as far as is known
  Time last_result_;
  std::optional<Time> ends_at_;  // as is to be expected
  TaskId oldest_ = 0;            // of the tasks that run the one that has run longest
  Time oldest_since_;
  bool workloads_ = false;
  Tally tally_;
  Figures figures_;
  TimeAverage slots_;  // since it has started
  Repetitions repetitions_;
  std::optional<TaskId> unstated_ = 1;
  std::vector<Receipt> receipts_;  // to be sent
};

}  // namespace divvy::sink
