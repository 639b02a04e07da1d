#include "common/quoting.hpp"

#include <algorithm>
#include <array>
#include <string_view>

namespace divvy {
namespace {

// What a shell takes for more than a program's name where a command begins.
constexpr std::array<std::string_view, 17> kReserved{
    "case",     "coproc", "do", "done",   "elif", "else", "esac",  "fi",   "for",
    "function", "if",     "in", "select", "then", "time", "until", "while"};

bool is_program(std::string_view word) {
  return word.find('=') == std::string_view::npos &&
         std::find(kReserved.begin(), kReserved.end(), word) == kReserved.end();
}

bool is_control(char letter) { return (letter >= 0 && letter < ' ') || letter == 0x7F; }

// As within $'...'.
void append_escaped(std::string& shown, char letter) {
  if (letter == '\n' || letter == '\t') {
    shown += letter == '\n' ? "\\n" : "\\t";
  } else if (is_control(letter)) {
    shown += '\\';
    for (const int shift : {6, 3, 0}) shown += static_cast<char>('0' + ((letter >> shift) & 7));
  } else {
    if (letter == '\'' || letter == '\\') shown += '\\';
    shown += letter;
  }
}

std::string escaped(std::string_view text) {
  std::string shown = "$'";
  for (const char letter : text) append_escaped(shown, letter);
  return shown += '\'';
}

template <class Quote>
std::string in_a_line(const std::vector<std::string>& words, const Quote& quote) {
  std::string line;
  for (const std::string& word : words) {
    const bool as_it_is = needs_no_quotes(word) && (!line.empty() || is_program(word));
    if (!line.empty()) line += ' ';
    line += as_it_is ? word : quote(word);
  }
  return line;
}

}  // namespace

bool needs_no_quotes(std::string_view word) {
  constexpr std::string_view plain =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789@%_+=:,./-";
  return !word.empty() && word.find_first_not_of(plain) == std::string_view::npos;
}

std::string in_quotes(std::string_view word) {
  std::string quoted = "'";
  for (const char letter : word) letter == '\'' ? quoted += "'\\''" : quoted += letter;
  return quoted += '\'';
}

std::string on_one_line(std::string_view text) {
  const auto tears = [](char letter) { return is_control(letter) && letter != '\t'; };
  return std::none_of(text.begin(), text.end(), tears) ? std::string(text) : escaped(text);
}

std::string quoted(const std::vector<std::string>& words) { return in_a_line(words, in_quotes); }

std::string quoted_on_one_line(const std::vector<std::string>& words) {
  return in_a_line(words, [](std::string_view word) {
    return std::any_of(word.begin(), word.end(), is_control) ? escaped(word) : in_quotes(word);
  });
}

}  // namespace divvy
