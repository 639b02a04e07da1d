#include "worker/rules/script_reader.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <optional>
#include <stdexcept>

namespace divvy::worker {
namespace {

constexpr std::string_view kOperators = "|&;<>";
// A shell reads the line on as if it were not there.
constexpr std::string_view kContinuation = "\\\n";
// Deeper ones are nobody's.
constexpr int kDeepest = 100;

bool is_in(std::string_view set, char letter) { return set.find(letter) != std::string_view::npos; }

bool ends_word(char letter) {
  return is_in(kBlanks, letter) || is_in(kOperators, letter) || letter == '(' || letter == ')';
}

void add_literal(Script::Word& word, std::string_view text) {
  auto& parts = word.parts;
  if (parts.empty() || !std::holds_alternative<std::string>(parts.back().is)) {
    parts.push_back({std::string()});
  }
  std::get<std::string>(parts.back().is) += text;
}

bool is_just(const Script::Word& word, std::string_view text) {
  if (word.parts.size() != 1) return false;
  const auto* const literal = std::get_if<std::string>(&word.parts.front().is);
  return literal != nullptr && *literal == text;
}

// x=...
bool sets_variable(const Script::Word& word) {
  const auto* const literal =
      word.parts.empty() ? nullptr : std::get_if<std::string>(&word.parts.front().is);
  if (literal == nullptr) return false;
  const auto end = std::find_if_not(literal->begin(), literal->end(), [](unsigned char letter) {
    return std::isalnum(letter) != 0 || letter == '_';
  });
  const std::string_view behind(end, literal->end());
  return end != literal->begin() && (behind.starts_with('=') || behind.starts_with("+="));
}

// Behind these a variable may be set, too.
bool is_in_front_of_command(const Script::Word& word) {
  constexpr std::array<std::string_view, 13> known{"{",      "!",     "if",      "then",  "elif",
                                                   "do",     "else",  "time",    "while", "until",
                                                   "export", "local", "readonly"};
  return std::any_of(known.begin(), known.end(),
                     [&](std::string_view one) { return is_just(word, one); });
}

// How much is in $((...)); nothing if it is rather $( (...) ...).
std::optional<std::size_t> arithmetic_size(std::string_view text) {
  int open = 0;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '(') ++open;
    if (text[at] != ')' || --open >= 0) continue;
    return text.substr(at).starts_with("))") ? std::optional(at) : std::nullopt;
  }
  return {};
}

}  // namespace

Script::Word ScriptReader::read() {
  Word all;
  while (!rest_.empty()) {
    read_commands(all);
    if (!rest_.empty()) copy(all, 1);  // the parenthesis of a pattern, as in: case x in y) ...
  }
  return all;
}

// --- commands ------------------------------------------------------------------------------------

// Up to a parenthesis that closes them, or to the end.
void ScriptReader::read_commands(Word& to) {
  may_set_ = true;
  redirects_ = false;
  while (!rest_.empty() && rest_.front() != ')') {
    if (rest_.starts_with(kContinuation)) {
      rest_.remove_prefix(kContinuation.size());
    } else if (rest_.front() == '#') {
      skip_comment();
    } else if (rest_.front() == '(') {
      read_subshell(to);
    } else if (ends_word(rest_.front())) {
      read_between(to);
    } else {
      read_word(to);
    }
  }
}

void ScriptReader::read_between(Word& to) {
  if (!is_in(kBlanks, rest_.front())) {
    // As in >&2 and >|: no end of a command.
    redirects_ = redirects_ || is_in("<>", rest_.front());
    may_set_ = may_set_ || !redirects_;
  } else if (rest_.front() == '\n') {
    may_set_ = true;
  }
  if (rest_.starts_with("<<<")) return copy(to, 3);
  if (rest_.starts_with("<<")) return copy_rest(to, "a here-document");
  if (is_continued_behind("<")) return copy_rest(to, "a < at the end of a line");
  copy(to, 1);
}

void ScriptReader::read_subshell(Word& to) {
  // To some shells it is arithmetic.
  if (rest_.starts_with("((") || is_continued_behind("(")) return copy_rest(to, "((");
  copy(to, 1);
  enter();
  read_commands(to);
  close(to, ')');
  may_set_ = redirects_ = false;
}

void ScriptReader::read_word(Word& to) {
  Word word;
  const bool may_set = may_set_;
  const bool is_file = redirects_;
  while (!rest_.empty() && !ends_word(rest_.front())) read_unquoted(word);
  const bool sets = may_set && sets_variable(word);
  may_set_ = may_set && (is_file || sets || is_in_front_of_command(word));
  redirects_ = false;
  word.is_single = is_file || sets;
  const bool is_case = is_just(word, "case");
  word.is_repeated =
      std::any_of(word.parts.begin(), word.parts.end(), [](const Script::Part& part) {
        const auto* const place = std::get_if<Script::Place>(&part.is);
        return place != nullptr && place->placeholder.is_whole_task();
      });
  to.parts.push_back({std::move(word)});
  // Its patterns end in parentheses that close nothing.
  if (is_case && depth_ > 0) copy_rest(to, "a case within parentheses");
}

// It is not copied: a value with a newline in it would end it.
void ScriptReader::skip_comment() { rest_.remove_prefix(std::min(rest_.find('\n'), rest_.size())); }

// --- words ---------------------------------------------------------------------------------------

void ScriptReader::read_unquoted(Word& word) {
  const char first = rest_.front();
  if (rest_.starts_with(kContinuation)) return rest_.remove_prefix(kContinuation.size());
  if (read_placeholder(word, Context::unquoted)) return;
  if (first == '\'') return read_single_quoted(word);
  if (first == '"') return read_double_quoted(word);
  if (first == '`') return read_backticks(word);
  if (first == '$') return read_dollar(word, Context::unquoted);
  copy(word, first == '\\' ? 2 : 1);
}

void ScriptReader::read_single_quoted(Word& word) {
  copy(word, 1);
  while (!closed_before('\'')) {
    if (!read_placeholder(word, Context::in_single_quotes)) copy(word, 1);
  }
  close(word, '\'');
}

void ScriptReader::read_double_quoted(Word& word) {
  copy(word, 1);
  while (!closed_before('"')) {
    const char first = rest_.front();
    if (read_placeholder(word, Context::in_double_quotes)) continue;
    if (first == '`') {
      read_backticks(word);
    } else if (first == '$') {
      read_dollar(word, Context::in_double_quotes);
    } else {
      copy(word, first == '\\' ? 2 : 1);
    }
  }
  close(word, '"');
}

void ScriptReader::read_dollar(Word& word, Context context) {
  if (is_continued_behind("$") || is_continued_behind("$(")) {
    return copy_rest(word, "a $ at the end of a line");
  }
  if (rest_.starts_with("$((")) return read_arithmetic(word);
  if (rest_.starts_with("$(")) return read_command_within(word);
  if (rest_.starts_with("${")) return read_parameter(word);
  if (rest_.starts_with("$[")) return copy_rest(word, "$[");
  if (rest_.starts_with("$'") && context == Context::unquoted) return read_c_string(word);
  copy(word, 1);
}

void ScriptReader::read_command_within(Word& word) {
  copy(word, 2);
  enter();
  read_commands(word);
  close(word, ')');
}

void ScriptReader::read_arithmetic(Word& word) {
  const auto size = arithmetic_size(rest_.substr(3));
  if (!size) return copy_rest(word, "$((");
  const std::size_t behind = rest_.size() - 3 - *size;
  copy(word, 3);
  enter();
  while (rest_.size() > behind && !gave_up_) {
    if (read_placeholder(word, Context::arithmetic)) continue;
    if (rest_.front() == '$') {
      read_dollar(word, Context::arithmetic);
    } else if (rest_.front() == '`') {
      read_backticks(word);
    } else {
      copy(word, 1);
    }
  }
  if (!gave_up_ && rest_.size() != behind) {
    throw std::invalid_argument("in the script it is not known where a $((...)) ends");
  }
  close(word, ')');
  if (!gave_up_) copy(word, 1);
}

// ${x}, or something that has rules of its own.
void ScriptReader::read_parameter(Word& word) {
  const auto end = rest_.find_first_of("}'\"`$\\", 2);
  const bool is_simple =
      end != std::string_view::npos && rest_[end] == '}' && rest_.find('{', 2) > end;
  if (!is_simple) return copy_rest(word, "${...} with quotes or braces in it");
  const std::string_view content = rest_.substr(2, end - 2);
  if (content.empty() || content.starts_with('.') || content.starts_with('/')) {
    throw std::invalid_argument("a shell reads $" + std::string(rest_.substr(1, end)) +
                                " as a variable; write \\$ for a dollar sign");
  }
  copy(word, end + 1);
}

void ScriptReader::read_backticks(Word& word) {
  std::size_t end = 1;
  while (end < rest_.size() && rest_[end] != '`') end += rest_[end] == '\\' ? 2 : 1;
  if (end >= rest_.size()) throw std::invalid_argument("in the script a ` is not closed");
  const std::string_view placeholder = first_placeholder(rest_.substr(0, end));
  if (!placeholder.empty()) {
    throw std::invalid_argument(std::string(placeholder) +
                                " cannot stand within backticks; write $(...) instead of `...`");
  }
  copy(word, end + 1);
}

// To some shells a quote in it can be escaped.
void ScriptReader::read_c_string(Word& word) {
  const auto end = rest_.find_first_of("'\\", 2);
  const bool is_simple = end != std::string_view::npos && rest_[end] == '\'';
  if (!is_simple || !first_placeholder(rest_.substr(0, end)).empty()) {
    return copy_rest(word, "$'...'");
  }
  copy(word, end + 1);
}

// Whether there was one, or one that is meant literally.
bool ScriptReader::read_placeholder(Word& word, Context context) {
  const std::size_t escape = rest_.starts_with('\\') ? 1 : 0;
  const Placeholder placeholder = placeholder_at(rest_.substr(escape), columns_);
  if (placeholder.size == 0) return false;
  if (escape == 0) {
    word.parts.push_back({Script::Place{placeholder, context}});
    rest_.remove_prefix(placeholder.size);
    return true;
  }
  const std::string literal(rest_.substr(1, placeholder.size));
  rest_.remove_prefix(1 + placeholder.size);
  // A $ in front of it stays one.
  if (context == Context::unquoted) {
    add_literal(word, "\\" + literal);
  } else {
    add_literal(word, context == Context::in_double_quotes ? "\"'" + literal + "'\"" : literal);
  }
  return true;
}

// --- pieces --------------------------------------------------------------------------------------

void ScriptReader::copy(Word& word, std::size_t size) {
  size = std::min(size, rest_.size());
  add_literal(word, rest_.substr(0, size));
  rest_.remove_prefix(size);
}

void ScriptReader::copy_rest(Word& word, std::string_view what) {
  const std::string_view placeholder = first_placeholder(rest_);
  if (!placeholder.empty()) {
    throw std::invalid_argument(
        std::string(placeholder) + " cannot stand within or behind " + std::string(what) +
        "; begin the script with x=" + std::string(placeholder) + "; and write \"$x\" there");
  }
  gave_up_ = true;
  copy(word, rest_.size());
}

void ScriptReader::enter() {
  if (++depth_ > kDeepest) throw std::invalid_argument("the script is nested too deeply");
}

bool ScriptReader::is_continued_behind(std::string_view text) const {
  return rest_.starts_with(text) && rest_.substr(text.size()).starts_with(kContinuation);
}

// Also where what is left is not read.
bool ScriptReader::closed_before(char closing) const {
  return rest_.empty() || rest_.front() == closing;
}

void ScriptReader::close(Word& word, char closing) {
  if (closing == ')') --depth_;
  if (gave_up_) return;
  if (rest_.empty()) {
    throw std::invalid_argument(std::string("in the script a ") + (closing == ')' ? '(' : closing) +
                                " is not closed");
  }
  copy(word, 1);
}

std::string_view ScriptReader::first_placeholder(std::string_view text) const {
  for (std::size_t at = 0; at < text.size(); ++at) {
    const std::size_t size = placeholder_at(text.substr(at), columns_).size;
    if (size > 0) return text.substr(at, size);
  }
  return {};
}

}  // namespace divvy::worker
