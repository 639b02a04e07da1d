// Who may write a batch's results to a journal.
#pragma once

#include <string>

#include "common/descriptor.hpp"
#include "divvy/protocol.hpp"

namespace divvy::sink {

/// Locks batches of a journal, each by itself: a lock of this open file on a byte that nobody ever
/// writes, so that the system gives it back when the process dies.
class BatchLock {
 public:
  /// Opens the journal's file, and makes it, readable by its owner only, if it is not there. It
  /// must outlive the database: closing it drops SQLite's own locks. Throws std::runtime_error with
  /// a line for the user.
  explicit BatchLock(const std::string& path);

  /// False if another process has it.
  [[nodiscard]] bool take(BatchId batch);
  void give_back(BatchId batch);

 private:
  [[nodiscard]] bool set(short type, BatchId batch) const;

  Descriptor file_;
};

}  // namespace divvy::sink
