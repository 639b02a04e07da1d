// A failed task, as people are told of it.
#pragma once

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

}  // namespace divvy::sink
