#include "ventilator/rules/combinations.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace divvy::ventilator {

std::vector<ValueList> parse_lists(const std::vector<std::string>& words) {
  std::vector<ValueList> lists;
  for (const std::string& word : words) {
    if (!begins_list(word)) {
      lists.back().values.push_back(word);
    } else if (word.starts_with("::::")) {
      throw std::invalid_argument(
          word + " would read files; name a FILE without it: divvy FILE -- COMMAND {}");
    } else {
      lists.push_back({.along = word.ends_with('+')});
    }
    if (!lists.front().along) continue;
    throw std::invalid_argument(":::+ goes along with a list before it; begin with :::");
  }
  return lists;
}

Combinations::Combinations(std::vector<ValueList> lists) {
  for (ValueList& list : lists) {
    const std::size_t size = list.values.size();
    if (!list.along) loops_.push_back({.size = size});
    Loop& loop = loops_.back();
    loop.size = std::min(loop.size, size);
    loop.lists.push_back(std::move(list.values));
  }
  ended_ = loops_.empty() || std::any_of(loops_.begin(), loops_.end(),
                                         [](const Loop& loop) { return loop.size == 0; });
}

std::vector<std::string> Combinations::next() {
  std::vector<std::string> values;
  for (const Loop& loop : loops_) {
    for (const auto& list : loop.lists) values.push_back(list[loop.at]);
  }
  advance();
  return values;
}

void Combinations::advance() {
  for (std::size_t left = loops_.size(); left > 0; --left) {
    Loop& loop = loops_[left - 1];
    if (++loop.at < loop.size) return;
    loop.at = 0;
  }
  ended_ = true;
}

}  // namespace divvy::ventilator
