// The attempts that have ended, a line for each, for programs that read lines.
#pragma once

#include <sys/types.h>

#include <string>
#include <string_view>

#include "common/descriptor.hpp"
#include "divvy/protocol.hpp"

namespace divvy::sink {

/// What the lines have, from left to right, separated by tabs. Tab, newline, backslash and other
/// control characters are escaped in them, so that nothing else has any: \t, \n, \\, \x1b.
inline constexpr std::string_view kAttemptColumns =
    "task\tattempt\tworker\tslot\tstarted\tseconds\tcpu_seconds\tmax_rss_bytes\toutcome\tstatus\t"
    "text\n";

/// Of a task of `result`. `started`: seconds since 1970, UTC.
std::string attempt_line(std::string_view worker, const Result& result, const TaskResult& task);

/// A file that lines are appended to, with a first line that names the columns. What was committed
/// is in it, as whole lines, also if this process is killed then. Several sinks may have the same.
/// Throws std::runtime_error with a line for the user if it cannot be opened or written.
class AttemptLog {
 public:
  /// Opens `path`, or makes it. A last line that was torn by the end of a sink is cut off.
  explicit AttemptLog(std::string path);

  /// Attempts at all tasks of the result have ended.
  void add(std::string_view worker, const Result& result);
  /// Writes what was added, in one piece.
  void commit();

 private:
  void mend_last_line(off_t size);

  std::string path_;
  Descriptor file_;
  std::string unwritten_;
};

}  // namespace divvy::sink
