// The command that a worker runs, and how a task becomes a part of it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "worker/rules/separator.hpp"
#include "worker/rules/template.hpp"

namespace divvy::worker {

class Command {
 public:
  struct Settings {
    std::string colsep{};        // a regular expression between columns; empty: there are none
    bool task_on_stdin = false;  // and therefore not appended
  };

  /// `words`: the program and its arguments, not empty. Without a placeholder in any of them, {} is
  /// added as the last argument. Throws std::invalid_argument if the separator is none.
  Command(const std::vector<std::string>& words, const Settings& settings);

  /// The words for a task. No shell sees them. Throws std::invalid_argument if one of them cannot
  /// be an argument.
  [[nodiscard]] std::vector<std::string> with(const Execution& execution) const;
  [[nodiscard]] bool task_on_stdin() const { return task_on_stdin_; }

 private:
  std::vector<Template> words_;
  std::optional<Separator> separator_;
  bool task_on_stdin_;
  bool appended_ = false;  // {}, as the last one: a piece is on standard input
};

/// Throws std::invalid_argument if a word cannot be passed to a program: it holds a NUL byte.
void check_arguments(const std::vector<std::string>& words);

}  // namespace divvy::worker
