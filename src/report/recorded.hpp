// A batch as a journal has it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/database.hpp"
#include "report/rules/attempt.hpp"

namespace divvy::report {

/// What is recorded of a batch itself.
struct BatchRow {
  BatchId id{};
  std::string name;
  std::string command;
  std::string holder;                    // who has it under way; empty: nobody
  double begun = 0;                      // seconds since 1970, UTC
  std::optional<double> finished;        // when it last ended with something new
  std::optional<std::uint64_t> tasks;    // of all its runs, as it last ended
  std::optional<std::uint64_t> skipped;  // of these
};

/// A failed task, or an attempt that is not its task's result, in words.
struct Trouble {
  TaskId task{};
  std::string worker;
  std::uint32_t slot = 0;
  std::uint32_t number = 1;
  std::string outcome;
  std::int32_t status = 0;
  bool success = false;
  Nanoseconds started{};
  Nanoseconds took{};
  std::string text;    // at most about 300 bytes
  std::string reason;  // at most about 500 bytes
  std::string errors;  // the end of its error output, at most about `most_errors` bytes
};

/// All members throw std::runtime_error with a line for the user if the journal cannot be read. Of
/// a batch that is under way they see what was recorded when the object was made.
class Recorded {
 public:
  explicit Recorded(const Database& database);
  ~Recorded();
  Recorded(const Recorded&) = delete;
  Recorded& operator=(const Recorded&) = delete;

  /// The batch that was begun last, of those with this name if there is one. Throws if there is
  /// none, with the names that there are.
  [[nodiscard]] BatchRow batch(const std::optional<std::string>& name) const;
  [[nodiscard]] BatchRow batch(BatchId id) const;
  /// How many batches there are.
  [[nodiscard]] std::uint64_t batches() const;

  struct All {
    Attempts attempts;                  // that have run
    std::vector<std::string> workers;   // by their number
    std::vector<std::string> outcomes;  // by their number
    std::uint64_t lost = 0;             // tasks that failed with too many workers
  };
  [[nodiscard]] All all(BatchId id) const;

  [[nodiscard]] std::vector<Trouble> failed(BatchId id, std::uint64_t most,
                                            std::size_t most_errors) const;
  /// Attempts that are not their tasks' results.
  [[nodiscard]] std::vector<Trouble> superseded(BatchId id, std::uint64_t most) const;

  /// The texts of all tasks, in their order, each at most about `most` bytes.
  [[nodiscard]] std::map<TaskId, std::string> texts(BatchId id, std::size_t most) const;
  [[nodiscard]] std::string text(BatchId id, TaskId task, std::size_t most) const;

 private:
  const Database& database_;
};

}  // namespace divvy::report
