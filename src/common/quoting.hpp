// Words as a shell reads them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace divvy {

/// A command line for a POSIX shell that stands for just these words.
std::string quoted(const std::vector<std::string>& words);

/// The same on one line: a word with control characters in it as many shells read it, $'a\nb'.
std::string quoted_on_one_line(const std::vector<std::string>& words);

/// As the first for a single word, in quotes whether they are needed or not.
std::string in_quotes(std::string_view word);

/// A text to be shown in a line: as it is, or if control characters other than tabs are in it, as
/// many shells read it: $'a\nb'.
std::string on_one_line(std::string_view text);

/// Whether a word, anywhere but where a command begins, needs no quotes.
bool needs_no_quotes(std::string_view word);

}  // namespace divvy
