// Results on disk: an SQLite database that a batch can be resumed from, and that people can query.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "common/database.hpp"
#include "divvy/protocol.hpp"
#include "sink/batch_lock.hpp"
#include "sink/rules/figures.hpp"
#include "sink/rules/tally.hpp"

namespace divvy::sink {

/// What is recorded between two commits is written as one transaction: all of it or nothing. A
/// committed result survives the death of this process. Every member throws std::runtime_error with
/// a line for the user if the file cannot be read or written. docs/journal.md describes the tables.
class Journal {
 public:
  /// Opens `path`, or makes it, readable by its owner only.
  explicit Journal(const std::string& path);

  // --- the batch that is under way, which the other members are about ---

  struct Begun {
    bool before = false;    // it was begun earlier
    std::string held_by{};  // another process has it under way, and nothing was changed
  };
  /// `holder`: who has it under way from now on, for others.
  Begun begin(BatchId batch, std::string_view name, std::string_view holder);
  /// It has another ventilator now.
  void hold(std::string_view holder);
  /// The batch's row has what it comes to, unless nothing became of it.
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
  void commit();

 private:
  void insert(Statement& statement, std::int64_t execution, std::span<const TaskResult> tasks,
              bool success);
  void begin_transaction();
  void write_batch();
  void write_counts(const Figures& figures);

  BatchLock lock_;  // outlives the database
  Database database_;
  Statement insert_execution_;
  Statement insert_one_;
  Statement insert_many_;
  Statement supersede_;
  Statement keep_;
  bool in_transaction_ = false;

  BatchId batch_{};
  std::string command_;
  VentilatorId retrying_{};        // who has failed results run again
  std::int64_t retried_rows_ = 0;  // up to this `execution`
  bool forgets_ = false;           // failed results, for the present ventilator
  bool batch_changed_ = false;     // and its row is not written yet
  bool recorded_something_ = false;
};

}  // namespace divvy::sink
