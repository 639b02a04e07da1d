// The command that a worker runs, and how a task becomes a part of it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "worker/rules/execution.hpp"
#include "worker/rules/script.hpp"
#include "worker/rules/separator.hpp"
#include "worker/rules/template.hpp"

namespace divvy::worker {

/// A program and its arguments, or a script for sh -c. Without a placeholder the task is added as
/// the last word.
class Command {
 public:
  struct Settings {
    std::string colsep{};        // a regular expression between columns; empty: lines have none
    bool task_on_stdin = false;  // and therefore not appended
  };

  /// `words`: the program and its arguments, not empty. Throws std::invalid_argument if the
  /// separator is none.
  Command(std::vector<std::string> words, const Settings& settings);
  /// Throws std::invalid_argument also where Script does.
  static Command of_script(const std::string& script, const Settings& settings);

  /// The words for a task. No shell sees them, but a script's. Throws std::invalid_argument if one
  /// of them cannot be an argument, or if the task cannot be read.
  [[nodiscard]] std::vector<std::string> with(const Execution& execution) const;
  [[nodiscard]] bool task_on_stdin() const { return task_on_stdin_; }
  /// Whether it is another one for another task in the same slot.
  [[nodiscard]] bool depends_on_task() const;

 private:
  struct Parsed;

  Command(std::vector<std::string> source, bool is_script, const Settings& settings);
  [[nodiscard]] std::shared_ptr<const Parsed> parse(TextForm form, std::string_view header) const;
  [[nodiscard]] const Parsed& parsed_for(const Execution& execution) const;
  [[nodiscard]] ColumnNames column_names(TextForm form, std::string_view header) const;
  [[nodiscard]] Columns columns_of(std::string_view line, std::string_view header) const;

  std::vector<std::string> source_;  // words, or one script
  bool is_script_;
  bool task_on_stdin_;
  std::optional<Separator> separator_;
  std::shared_ptr<const Parsed> for_lines_;
  // The tasks of a batch are all of one form, and have the same header.
  mutable std::shared_ptr<const Parsed> for_others_;
};

/// The values of a text of this form: its words, or the text itself. Throws std::invalid_argument
/// if the words cannot be read.
std::vector<std::string> values_of(TextForm form, std::string_view text);

/// Throws std::invalid_argument if a word cannot be passed to a program: it holds a NUL byte.
void check_arguments(const std::vector<std::string>& words);

}  // namespace divvy::worker
