// The words of a command, with placeholders for the task as in GNU parallel.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "worker/rules/execution.hpp"

namespace divvy::worker {

using Columns = std::vector<std::string_view>;

/// How a placeholder is filled: with the task or a column, whole or a part of it as a path; or with
/// the number of the task or of its slot.
enum class Form { whole, stem, base, directory, base_stem, number, slot };

/// `path` in one of the first five forms: what GNU parallel makes of {}, {.}, {/}, {//} and {/.}.
std::string_view in_form(std::string_view path, Form form);

/// A placeholder as it is written at the beginning of a text.
struct Placeholder {
  Form form = Form::whole;
  std::size_t column = 0;  // 0: the task
  std::size_t size = 0;    // of what is written; 0: there is none
};

/// `columns`: whether {1}, {2}, {1.} and the like are placeholders.
Placeholder placeholder_at(std::string_view text, bool columns);

/// A word, parsed. A backslash before a placeholder makes it literal; any other brace or backslash
/// is.
class Template {
 public:
  Template(std::string_view word, bool columns);

  [[nodiscard]] bool has_placeholders() const;
  /// Whether it is another word for another task in the same slot.
  [[nodiscard]] bool depends_on_task() const;
  /// The word for a task. A column that the task does not have is empty.
  [[nodiscard]] std::string with(const Execution& execution, const Columns& columns) const;

 private:
  static void fill(std::string& word, const Placeholder& placeholder, const Execution& execution,
                   const Columns& columns);
  void add_literal(std::string_view text);

  std::vector<std::variant<std::string, Placeholder>> pieces_;
};

}  // namespace divvy::worker
