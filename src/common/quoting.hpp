// Words as a shell reads them.
#pragma once

#include <string>
#include <vector>

namespace divvy {

/// A command line for a POSIX shell that stands for just these words.
std::string quoted(const std::vector<std::string>& words);

}  // namespace divvy
