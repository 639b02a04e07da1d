// One batch in the journal.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "divvy/protocol.hpp"
#include "sink/journal.hpp"
#include "sink/rules/figures.hpp"
#include "sink/rules/tally.hpp"

namespace divvy::sink {

/// What is recorded and kept is in the file after the journal's next commit. Every member throws as
/// the journal does.
class JournaledBatch {
 public:
  /// `journal` must outlive it.
  JournaledBatch(Journal& journal, BatchId batch) : journal_(journal), batch_(batch) {}

  struct Begun {
    bool before = false;    // it was begun earlier
    std::string held_by{};  // another process has it under way, and nothing was changed
  };
  /// Before all else. `holder`: who has it under way from now on, for others.
  Begun begin(std::string_view name, std::string_view holder);
  /// It has another ventilator now.
  void hold(std::string_view holder);
  /// The batch's row has what it comes to, unless nothing became of it. Not in a transaction:
  /// others may begin the batch from then on.
  void end(const Figures& figures);

  /// Failed results do not count for this ventilator, neither now nor if it says so again to
  /// another sink: all those that were there when it said so first. They stay until others take
  /// their place.
  void forget_failed(VentilatorId ventilator);
  /// What the batch is run with, recorded together with its first result; `command()` is what was
  /// recorded last.
  void set_command(std::string_view command);
  [[nodiscard]] const std::string& command() const { return command_; }

  /// Calls `visit` for all that is recorded and counts, in the order of the ids.
  void replay(const std::function<void(Range ids, bool succeeded)>& visit);
  /// A part of what the journal has, each receipt for at most 256 tasks and with a digest of their
  /// texts, by which a ventilator knows whether it has the same input. Failed tasks that do not
  /// count, as `counts` says, are to be tried again.
  RecordedPart recorded_from(TaskId from, const std::function<bool(TaskId)>& counts);

  /// The result of its tasks.
  void record(std::string_view worker, const Result& result);
  /// Of attempts only, which are no task's result.
  void keep(std::string_view worker, const Result& result);

 private:
  void begin_transaction();
  void write_batch();
  void write_counts(const Figures& figures);

  Journal& journal_;
  BatchId batch_;
  std::string command_;
  VentilatorId retrying_{};        // who has failed results run again
  std::int64_t retried_rows_ = 0;  // up to this `execution`
  bool forgets_ = false;           // failed results, for the present ventilator
  bool batch_changed_ = false;     // and its row is not written yet
  bool recorded_something_ = false;
};

}  // namespace divvy::sink
