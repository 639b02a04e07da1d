// Standard output and standard error, with what a user is told there of a batch.
#pragma once

#include <unistd.h>

#include <cstdint>
#include <string>

#include "common/log.hpp"
#include "sink/options.hpp"
#include "sink/output.hpp"
#include "sink/rules/batch.hpp"

namespace divvy::sink {

/// Where the tasks' own output goes, too. `options` must outlive it. Throws as Output does. Lines
/// about a batch go through the log that is given.
class Console {
 public:
  explicit Console(const Options& options) : options_(options) {}

  [[nodiscard]] Output& out() { return out_; }
  [[nodiscard]] Output& err() { return err_; }

  /// So many workloads are done: a mark for each, as the guide has it.
  void completions(std::uint64_t count);
  /// This task has failed, as `line` says.
  void failure(const Log& log, const std::string& line, const Result& result);
  /// The guide's last words.
  void total(Seconds elapsed, bool workloads);
  /// The batch is over. Throws std::runtime_error if the summary cannot be written.
  void end(const Log& log, const Batch& batch, const Figures& figures);
  /// Writes what was put.
  void flush();
  /// The last line on a terminal is not ended yet.
  [[nodiscard]] bool mid_line() const { return out_.mid_line() || err_.mid_line(); }

 private:
  static void tell_what_is_missing(const Log& log, const Figures& figures);
  void write_summary(const Figures& figures);

  const Options& options_;
  Output out_{STDOUT_FILENO, Output::Loss::is_error};
  Output err_{STDERR_FILENO, Output::Loss::is_borne};
  std::uint64_t completions_shown_ = 0;
};

}  // namespace divvy::sink
