// Reads a script as a shell does, as far as quotes and the ends of words are concerned.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "worker/rules/script.hpp"

namespace divvy::worker {

/// What is between words.
inline constexpr std::string_view kBlanks = " \t\n";

class ScriptReader {
 public:
  ScriptReader(std::string_view script, const ColumnNames& columns)
      : rest_(script), columns_(columns) {}

  /// See Script's constructor.
  Script::Word read();
  /// Whether all of it was understood. What was not has no placeholders.
  [[nodiscard]] bool is_at_end() const { return !gave_up_; }

 private:
  using Word = Script::Word;
  using Context = Script::Context;

  void read_commands(Word& to);
  void read_between(Word& to);
  void read_subshell(Word& to);
  void read_word(Word& to);
  void read_unquoted(Word& word);
  void read_single_quoted(Word& word);
  void read_double_quoted(Word& word);
  void read_dollar(Word& word, Context context);
  void read_command_within(Word& word);
  void read_arithmetic(Word& word);
  void read_parameter(Word& word);
  void read_backticks(Word& word);
  void read_c_string(Word& word);
  bool read_placeholder(Word& word, Context context);

  void copy(Word& word, std::size_t size);
  void copy_rest(Word& word, std::string_view what);
  void skip_comment();
  void enter();
  void close(Word& word, char closing);
  [[nodiscard]] bool is_continued_behind(std::string_view text) const;
  [[nodiscard]] bool closed_before(char closing) const;
  [[nodiscard]] std::string_view first_placeholder(std::string_view text) const;

  std::string_view rest_;
  const ColumnNames& columns_;
  int depth_ = 0;           // of commands within others
  bool may_set_ = true;     // a variable: the command's name is still to come
  bool redirects_ = false;  // a > or < is right in front, but for blanks
  bool gave_up_ = false;    // the rest is not read, and has no placeholders
};

}  // namespace divvy::worker
