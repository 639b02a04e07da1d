// A failed task, as people are told of it.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "divvy/protocol.hpp"

namespace divvy::sink {

/// The text of a result's only task.
std::string_view only_text(const Result& result);

/// One line: which task, how it ended, where, and its text; a long text is cut.
std::string failure_line(std::string_view worker, const Result& result);

/// The last few lines of its standard error, for where they are not to be seen anyway.
std::vector<std::string> last_errors(const Result& result);

/// Tasks that could not be run often all have the same reason: the first is told with its task, the
/// others are counted.
class FailureLines {
 public:
  /// The line for this task, unless it is one of those that are counted.
  std::optional<std::string> line(std::string_view worker, const Result& result);
  /// A line for each reason that was counted; forgets them.
  std::vector<std::string> counted();

 private:
  std::map<std::string, std::uint64_t, std::less<>> reasons_;  // how many tasks had it
};

}  // namespace divvy::sink
