#include "report/rules/text.hpp"

namespace divvy::report {
namespace {

constexpr std::string_view kEllipsis = "…";

bool is_continuation(char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80; }

std::string_view head(std::string_view text, std::size_t size) {
  // In what is no UTF-8 nothing need stay whole.
  for (int i = 0; i < 3 && size > 0 && is_continuation(text[size]); ++i) --size;
  return text.substr(0, size);
}

std::string_view tail(std::string_view text, std::size_t size) {
  text.remove_prefix(text.size() - size);
  for (int i = 0; i < 3 && !text.empty() && is_continuation(text.front()); ++i) {
    text.remove_prefix(1);
  }
  return text;
}

}  // namespace

std::string shortened(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  const std::size_t rest = most > kEllipsis.size() ? most - kEllipsis.size() : 0;
  std::string result(head(text, rest / 2));
  result += kEllipsis;
  result += tail(text, rest - rest / 2);
  return result;
}

std::string end_of(std::string_view text, std::size_t most) {
  if (text.size() <= most) return std::string(text);
  std::string result(kEllipsis);
  result += tail(text, most);
  return result;
}

}  // namespace divvy::report
