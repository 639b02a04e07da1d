// Values of several lists, put together to tasks.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace divvy::ventilator {

struct ValueList {
  std::vector<std::string> values{};
  bool along = false;  // goes along with the list before, value by value; never the first one
};

/// ::: and :::+, which begin a list, as well as :::: and ::::+ of GNU parallel, which would name
/// files.
inline bool begins_list(std::string_view word) {
  if (word.ends_with('+')) word.remove_suffix(1);
  return word == ":::" || word == "::::";
}

/// The lists in words such as {":::", "a", "b", ":::+", "1", "2"}. Throws std::invalid_argument
/// with a line for the user if they make no sense.
std::vector<ValueList> parse_lists(const std::vector<std::string>& words);

/// All combinations of one value of each list, in the order of nested loops: those of the last list
/// change first. Lists that go along with each other are one loop, as long as the shortest of them.
/// Nothing is made before it is asked for.
class Combinations {
 public:
  explicit Combinations(std::vector<ValueList> lists);

  [[nodiscard]] bool ended() const { return ended_; }
  /// The next one, if it has not ended: a value of each list, in their order.
  std::vector<std::string> next();

 private:
  struct Loop {
    std::vector<std::vector<std::string>> lists{};
    std::size_t size = 0;  // of the shortest
    std::size_t at = 0;
  };

  void advance();

  std::vector<Loop> loops_;  // the outermost first
  bool ended_ = false;
};

}  // namespace divvy::ventilator
