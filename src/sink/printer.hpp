// What the tasks have printed, passed on.
#pragma once

#include <cstdint>
#include <cstdio>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "divvy/protocol.hpp"
#include "sink/spill.hpp"

namespace divvy::sink {

/// Prints each task's standard output to `out` and its standard error to `err`, never torn.
class Printer {
 public:
  struct Settings {
    bool keep_order = false;           // of the input: what comes early is kept
    std::size_t most_kept = 64 << 20;  // bytes that are kept in memory; the rest is in a file
    bool tag = false;                  // each line preceded by its task and a tab
  };

  /// `before`: called before anything is written.
  Printer(Settings settings, std::FILE* out, std::FILE* err, std::function<void()> before = {});

  /// `ids`: those of the result that were not printed before.
  void print(Range ids, const Result& result);
  /// Nothing is to come of this task: it was recorded by an earlier sink.
  void skip(TaskId id);
  /// Prints what still waits for earlier tasks: they will not come any more.
  void finish();
  /// Throws std::runtime_error if something could not be written.
  void flush();
  /// The last line on a terminal is not ended yet.
  [[nodiscard]] bool mid_line() const { return out_.mid_line || err_.mid_line; }

 private:
  struct Printed {
    std::uint64_t count = 1;  // consecutive tasks, of which only a single one prints anything
    std::string task;
    std::string output;
    std::string errors;
    Spill::Place spilled_output;  // instead of the two
    Spill::Place spilled_errors;
    [[nodiscard]] std::size_t size() const { return output.size() + errors.size(); }
  };

  struct Stream {
    std::FILE* file;
    bool terminal;
    bool mid_line = false;
  };

  void keep(Range ids, std::string_view task, const Result& result);
  void write(const Printed& printed);
  void write(std::string_view task, std::string_view output, std::string_view errors);
  void write(Stream& stream, std::string_view task, std::string_view text);

  Settings settings_;
  Stream out_;
  Stream err_;
  std::function<void()> before_;
  TaskId next_ = 1;
  std::map<TaskId, Printed> early_;
  std::size_t kept_ = 0;  // bytes in memory
  Spill spill_;
};

}  // namespace divvy::sink
