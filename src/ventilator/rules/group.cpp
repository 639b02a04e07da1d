#include "ventilator/rules/group.hpp"

#include <utility>

#include "common/words.hpp"

namespace divvy::ventilator {
namespace {

std::string word(std::string_view value) { return joined_words({std::string(value)}); }

// In a script each value is in quotes, also where it needs none.
std::size_t size_in_quotes(std::string_view value) {
  const std::size_t size = word(value).size();
  return size == value.size() ? size + 2 : size;
}

// What an argument takes: its bytes, a NUL, and a pointer to it.
std::size_t argument_size(std::string_view value) { return value.size() + 1 + sizeof(char*); }

}  // namespace

bool Group::has_room_for(std::string_view value) const {
  if (empty()) return true;
  const std::size_t text = quoted_bytes_ + size_in_quotes(value);
  const std::size_t arguments = argument_bytes_ + argument_size(value);
  // The text is in the command's environment, besides.
  return !full() && text <= limits_.text_bytes && arguments + text <= limits_.system_bytes;
}

void Group::add(std::string_view value) {
  if (!empty()) text_ += ' ';
  text_ += word(value);
  quoted_bytes_ += size_in_quotes(value) + 1;
  argument_bytes_ += argument_size(value);
  ++values_;
}

std::string Group::take() {
  values_ = 0;
  quoted_bytes_ = 0;
  argument_bytes_ = 0;
  return std::exchange(text_, {});
}

}  // namespace divvy::ventilator
