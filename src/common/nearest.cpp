#include "common/nearest.hpp"

#include <algorithm>

namespace divvy {
namespace {

std::string_view without_dashes(std::string_view word) {
  return word.substr(std::min(word.find_first_not_of('-'), word.size()));
}

}  // namespace

std::size_t edit_distance(std::string_view from, std::string_view to) {
  // cost[i][j]: from the first i letters of the one to the first j of the other.
  std::vector cost(from.size() + 1, std::vector<std::size_t>(to.size() + 1));
  for (std::size_t i = 0; i <= from.size(); ++i) {
    for (std::size_t j = 0; j <= to.size(); ++j) {
      if (i == 0 || j == 0) {
        cost[i][j] = i + j;
        continue;
      }
      const std::size_t change = from[i - 1] == to[j - 1] ? 0 : 1;
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, cost[i - 1][j - 1] + change});
      const bool swapped = i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1];
      if (swapped) cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
    }
  }
  return cost.back().back();
}

std::string nearest(std::string_view word, const std::vector<std::string>& names) {
  word = without_dashes(word);
  std::size_t least = word.size() / 3 + 1;
  std::string found;
  for (const std::string& name : names) {
    const std::string_view bare = without_dashes(name);
    if (bare.size() > word.size() + least || word.size() > bare.size() + least) continue;
    const std::size_t distance = edit_distance(word, bare);
    if (distance >= least) continue;
    least = distance;
    found = name;
  }
  return found;
}

}  // namespace divvy
