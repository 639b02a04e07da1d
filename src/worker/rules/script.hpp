// A script for sh -c in which placeholders stand for values that are quoted for the shell.
//
// Whatever the value, it is a part of one word and nothing in it is read by the shell. What has to
// be written for it depends on where the placeholder stands: in quotes these are closed before the
// value and opened again behind it. So a script is read as a shell reads it, as far as quotes and
// the words' ends are concerned. Where that is beyond this reader, a placeholder is refused: to
// guess wrong would be to run the value.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "worker/rules/placeholder.hpp"

namespace divvy::worker {

class Script {
 public:
  /// Throws std::invalid_argument, with what to write instead, if a placeholder stands where it
  /// cannot be quoted, or if a quote or a parenthesis is not closed.
  Script(std::string_view script, const ColumnNames& columns);

  [[nodiscard]] bool has_placeholders() const;
  /// Whether it is another script for another task in the same slot.
  [[nodiscard]] bool depends_on_task() const;
  /// Adds {} as the last word. Throws std::invalid_argument if a word there would not be an
  /// argument of the last command.
  void append_task();
  /// The script for a task. Of a task of several values a word that has {} or the like in it stands
  /// there for each. Throws std::invalid_argument if a value in $((...)) is no number, or if there
  /// are several where a shell takes one word: for a variable, or behind > and <.
  [[nodiscard]] std::string with(const Values& values) const;

  enum class Context { unquoted, in_double_quotes, in_single_quotes, arithmetic };
  struct Place {
    Placeholder placeholder{};
    Context context = Context::unquoted;
  };
  struct Part;
  /// A word of the script, or all of it: what is between its words, and these. Within a word there
  /// are others if it has a command in it.
  struct Word {
    std::vector<Part> parts{};
    bool is_repeated = false;  // for each value
    bool is_single = false;    // a variable is set to it, or it names a file behind > or <
  };
  struct Part {
    std::variant<std::string, Place, Word> is{};
  };

 private:
  Word all_;
  bool is_read_to_the_end_ = false;
};

}  // namespace divvy::worker
