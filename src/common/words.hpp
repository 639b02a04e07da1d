// Several values in one text, quoted as a shell's words are.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace divvy {

/// The values in one text, as Python's shlex.join writes it: each is a word, in single quotes if
/// need be, with a blank between them. A shell reads the same values, split_words() too.
std::string joined_words(const std::vector<std::string>& values);

/// The values in a text, quoted in any way of a POSIX shell: nothing is expanded, and there are no
/// comments and operators. Nothing if a quote is not closed, or nothing follows a last backslash.
std::optional<std::vector<std::string>> split_words(std::string_view text);

}  // namespace divvy
