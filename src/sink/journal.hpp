// Results on disk: an SQLite database that batches can be resumed from, and that people can query.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "common/database.hpp"
#include "divvy/protocol.hpp"
#include "sink/batch_lock.hpp"

namespace divvy::sink {

// As SQLite has them.
inline std::int64_t key(BatchId batch) { return static_cast<std::int64_t>(batch); }
inline std::int64_t number(TaskId task) { return static_cast<std::int64_t>(task); }

/// The database of all batches; what is written there of one of them JournaledBatch decides. What
/// is written in a transaction is in the file as a whole or not at all, whichever batches it is of,
/// and what was committed survives the death of this process. Every member throws
/// std::runtime_error with a line for the user if the file cannot be read or written.
/// docs/journal.md describes the tables.
class Journal {
 public:
  /// Opens `path`, or makes it, readable by its owner only.
  explicit Journal(const std::string& path);

  /// From now on nobody else writes of this batch; false if another process has it.
  [[nodiscard]] bool take(BatchId batch) { return lock_.take(batch); }
  void give_back(BatchId batch) { lock_.give_back(batch); }

  [[nodiscard]] const Database& database() const { return database_; }
  [[nodiscard]] Statement prepare(const char* sql) const { return database_.prepare(sql); }
  /// How many rows the last statement has changed.
  [[nodiscard]] int changes() const { return database_.changes(); }

  /// What is written from now on until the next commit() is one transaction.
  void begin_transaction();
  void commit();

  // --- in a transaction ---

  /// The result of its tasks.
  void record(BatchId batch, std::string_view worker, const Result& result);
  /// Of attempts only, which are no task's result.
  void keep(BatchId batch, std::string_view worker, const Result& result);
  /// Results of these tasks are about to be replaced, and become attempts.
  void supersede(BatchId batch, Range ids);

 private:
  static void insert(Statement& statement, BatchId batch, std::int64_t execution,
                     std::span<const TaskResult> tasks, bool success);

  BatchLock lock_;  // outlives the database
  Database database_;
  Statement insert_execution_;
  Statement insert_one_;
  Statement insert_many_;
  Statement supersede_;
  Statement keep_;
  bool in_transaction_ = false;
};

}  // namespace divvy::sink
