// What the tasks have printed, passed on.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "common/range_set.hpp"
#include "divvy/protocol.hpp"
#include "sink/output.hpp"
#include "sink/spill.hpp"

namespace divvy::sink {

/// Prints each task's standard output to `out` and its standard error to `err`, never torn. Throws
/// as Output does.
class Printer {
 public:
  struct Settings {
    bool keep_order = false;           // of the input: what comes early is kept
    std::size_t most_kept = 64 << 20;  // bytes that are kept in memory; the rest is in a file
    bool tag = false;                  // each line preceded by its task and a tab
  };

  /// `before`: called before anything is written.
  Printer(Settings settings, Output& out, Output& err, std::function<void()> before = {});

  /// None of its tasks was printed before, but for lines that are not in it.
  void print(const Result& result);
  /// Lines of a task that runs: first come the rest of it, and then what is said of it.
  struct Lines {
    TaskId id = 0;
    std::string_view text{};  // the task's
    std::string_view output{};
    std::string_view errors{};
  };
  void print_lines(const Lines& lines);
  /// Whether lines of this task, so many bytes, are printed at once or kept until its turn comes.
  [[nodiscard]] bool has_room_for_lines(TaskId id, std::size_t bytes) const;
  /// What a task has printed that was killed, and may run again: of those that wait for earlier
  /// tasks it is among the last.
  void print_interrupted(const Result& result);
  /// Nothing is to come of these tasks: they were recorded by an earlier sink.
  void skip(Range ids);
  /// Prints what still waits for earlier tasks: they will not come any more.
  void finish();

 private:
  struct Printed {
    std::uint64_t count = 1;  // consecutive tasks
    std::string output{};     // with tags, if asked
    std::string errors{};
    Spill::Place spilled_output{};  // instead of the two
    Spill::Place spilled_errors{};
    [[nodiscard]] std::size_t size() const { return output.size() + errors.size(); }
  };

  Printed keep(const Result& result);
  void write_early_lines(TaskId end);
  void write_what_follows();
  void write(const Result& result);
  void write(const Printed& printed);
  void write(std::string_view output, std::string_view errors);
  void write(Output& output, std::string_view text);
  /// `made` has the text if it is not in the result as it is.
  std::string_view output_of(const Result& result, std::string& made) const;
  std::string_view errors_of(const Result& result, std::string& made) const;
  std::string_view tagged(std::string_view task, std::string_view text, std::string& made) const;

  Settings settings_;
  Output& out_;
  Output& err_;
  std::function<void()> before_;
  TaskId next_ = 1;
  std::multimap<TaskId, Printed> early_;
  std::map<TaskId, Printed> early_lines_;  // of tasks that run; they go before their results
  std::multimap<TaskId, Printed> interrupted_;
  RangeSet skipped_;
  std::size_t kept_ = 0;  // bytes in memory
  Spill spill_;
};

}  // namespace divvy::sink
