#include "common/words.hpp"

#include <algorithm>
#include <utility>

#include "common/quoting.hpp"

namespace divvy {
namespace {

constexpr std::string_view kBlanks = " \t\n";

class WordReader {
 public:
  explicit WordReader(std::string_view text) : rest_(text) {}

  // Whether there is another word.
  bool find() {
    rest_.remove_prefix(std::min(rest_.find_first_not_of(kBlanks), rest_.size()));
    return !rest_.empty();
  }

  // The next word; nothing if it does not end.
  std::optional<std::string> read() {
    std::string word;
    while (!rest_.empty() && kBlanks.find(rest_.front()) == std::string_view::npos) {
      if (!read_piece(word)) return {};
    }
    return word;
  }

 private:
  bool read_piece(std::string& word) {
    const char first = take();
    if (first == '\'') return read_single_quoted(word);
    if (first == '"') return read_double_quoted(word);
    if (first != '\\') {
      word += first;
      return true;
    }
    if (rest_.empty()) return false;
    if (const char escaped = take(); escaped != '\n') word += escaped;
    return true;
  }

  bool read_single_quoted(std::string& word) {
    const auto end = rest_.find('\'');
    if (end == std::string_view::npos) return false;
    word += rest_.substr(0, end);
    rest_.remove_prefix(end + 1);
    return true;
  }

  bool read_double_quoted(std::string& word) {
    constexpr std::string_view escapable = "$`\"\\\n";
    while (!rest_.empty()) {
      const char letter = take();
      if (letter == '"') return true;
      const bool escapes = letter == '\\' && !rest_.empty() &&
                           escapable.find(rest_.front()) != std::string_view::npos;
      if (!escapes) {
        word += letter;
      } else if (const char escaped = take(); escaped != '\n') {
        word += escaped;
      }
    }
    return false;
  }

  char take() {
    const char first = rest_.front();
    rest_.remove_prefix(1);
    return first;
  }

  std::string_view rest_;
};

// Python's way to have a quote within quotes.
std::string in_python_quotes(std::string_view value) {
  std::string quoted = "'";
  for (const char letter : value) letter == '\'' ? quoted += "'\"'\"'" : quoted += letter;
  return quoted += '\'';
}

}  // namespace

std::string joined_words(const std::vector<std::string>& values) {
  std::string text;
  for (const std::string& value : values) {
    if (!text.empty()) text += ' ';
    text += needs_no_quotes(value) ? value : in_python_quotes(value);
  }
  return text;
}

std::optional<std::vector<std::string>> split_words(std::string_view text) {
  std::vector<std::string> words;
  WordReader reader(text);
  while (reader.find()) {
    auto word = reader.read();
    if (!word) return {};
    words.push_back(std::move(*word));
  }
  return words;
}

}  // namespace divvy
