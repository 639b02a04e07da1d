// The words of a command, with placeholders for the task as in GNU parallel.
#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "worker/rules/placeholder.hpp"

namespace divvy::worker {

/// A word, parsed. A backslash before a placeholder makes it literal; any other brace or backslash
/// is.
class Template {
 public:
  Template(std::string_view word, const ColumnNames& columns);

  [[nodiscard]] bool has_placeholders() const;
  /// Whether it is another word for another task in the same slot.
  [[nodiscard]] bool depends_on_task() const;
  /// Adds the word for a task; of a task of several values one for each, if {} or the like is in
  /// it.
  void append_to(std::vector<std::string>& words, const Values& values) const;

 private:
  void add_literal(std::string_view text);
  [[nodiscard]] bool has(bool (*kind)(const Placeholder&)) const;
  [[nodiscard]] std::string with(const Values& values, std::string_view task) const;

  std::vector<std::variant<std::string, Placeholder>> pieces_;
  bool is_repeated_;  // for each value
};

}  // namespace divvy::worker
