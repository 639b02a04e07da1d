// The known name that is nearest to a mistyped one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace divvy {

/// How many letters have to be changed, added, left out, or swapped with their neighbour, to get
/// from one word to the other.
std::size_t edit_distance(std::string_view from, std::string_view to);

/// Of `names` the nearest to `word`, the first of several; leading dashes do not count. Empty if
/// more than a third of the word would have to be changed.
std::string nearest(std::string_view word, const std::vector<std::string>& names);

}  // namespace divvy
