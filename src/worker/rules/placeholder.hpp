// What stands for a task, or for a part of it: {} {.} {1} {name} and the like, as in GNU parallel.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "divvy/protocol.hpp"

namespace divvy::worker {

using Columns = std::vector<std::string_view>;

/// What placeholders call the columns of a task.
struct ColumnNames {
  bool numbered = false;             // {1}, {2.} and so on: tasks have columns
  std::vector<std::string> names{};  // {name}, {name.} and so on, from the first column on
};
inline const ColumnNames kNoColumns{};
inline const ColumnNames kNumberedColumns{.numbered = true};

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

  /// Whether it stands for a number, of the task or of its slot.
  [[nodiscard]] bool is_number() const { return form == Form::number || form == Form::slot; }
  /// Whether it stands for the task, or for each of its values in turn.
  [[nodiscard]] bool is_whole_task() const { return column == 0 && !is_number(); }
};

Placeholder placeholder_at(std::string_view text, const ColumnNames& columns);

/// What placeholders stand for.
struct Values {
  std::span<const std::string_view> tasks{};  // {} in turn: the task itself, or each of its values
  Columns columns{};
  TaskId id = 0;
  std::uint32_t slot = 1;
};

/// Appends what a placeholder stands for where {} is `task`. A column that is not there is empty.
void append_value(std::string& text, const Placeholder& placeholder, const Values& values,
                  std::string_view task);

}  // namespace divvy::worker
