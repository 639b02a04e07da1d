// Results on disk: an SQLite database that a batch can be resumed from, and that people can query.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "common/database.hpp"
#include "divvy/protocol.hpp"

namespace divvy::sink {

/// What is recorded between two commits is written as one transaction: all of it or nothing. A
/// committed result survives the death of this process. Every member throws std::runtime_error with
/// a line for the user if the file cannot be read or written. docs/journal.md describes the tables.
class Journal {
 public:
  /// Opens `path`, or makes it, readable by its owner only.
  explicit Journal(const std::string& path);

  /// False if the batch was begun before.
  bool begin(BatchId batch, std::string_view name);

  struct Recorded {
    TaskId id{};
    bool succeeded{};
    std::string_view text{};
  };
  /// Calls `visit` for each recorded task of a batch, in the order of their ids.
  void replay(BatchId batch, const std::function<void(const Recorded&)>& visit);
  /// All that is recorded of a batch, as receipts that name no worker, each for at most 256 tasks
  /// and with a digest of their texts, by which a ventilator knows whether it has the same input.
  std::vector<Receipt> restate(BatchId batch);
  /// Drops the failed results of a batch, so that the tasks can run again.
  void forget_failed(BatchId batch);

  /// `ids`: those of the result that are to be recorded.
  void record(BatchId batch, std::string_view worker, Range ids, const Result& result);
  void commit();

 private:
  Database database_;
  Statement insert_;
  bool in_transaction_ = false;
};

}  // namespace divvy::sink
