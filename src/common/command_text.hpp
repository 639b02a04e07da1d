// What workers run, in one line for people and for comparing.
#pragma once

#include <string>
#include <vector>

namespace divvy {

/// The words quoted for a shell, and how a task becomes a part of them where that is not by a
/// placeholder: " (--stdin)", " (--filter)", " (--colsep ',')". At most kMaxLineBytes: what is
/// longer is cut and ends in a hash of the whole. Empty without words.
std::string command_text(const std::vector<std::string>& words, const std::string& colsep,
                         bool task_on_stdin, bool is_filter = false);

}  // namespace divvy
