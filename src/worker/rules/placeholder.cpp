#include "worker/rules/placeholder.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

namespace divvy::worker {
namespace {

constexpr std::array<std::pair<std::string_view, Form>, 7> kForms{{{"", Form::whole},
                                                                   {".", Form::stem},
                                                                   {"/", Form::base},
                                                                   {"//", Form::directory},
                                                                   {"/.", Form::base_stem},
                                                                   {"#", Form::number},
                                                                   {"%", Form::slot}}};

std::string_view base_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

// A dot in a directory's name is none of the file's, but a dot file is all extension.
std::string_view stem_of(std::string_view path) {
  const auto dot = base_of(path).rfind('.');
  if (dot == std::string_view::npos) return path;
  return path.substr(0, path.size() - base_of(path).size() + dot);
}

std::string_view without_last_slashes(std::string_view path) {
  return path.substr(0, path.find_last_not_of('/') + 1);
}

std::string_view directory_of(std::string_view path) {
  const std::string_view name = without_last_slashes(path);
  if (name.empty()) return path.empty() ? "." : "/";
  const auto slash = name.rfind('/');
  if (slash == std::string_view::npos) return ".";
  const std::string_view directory = without_last_slashes(name.substr(0, slash));
  return directory.empty() ? "/" : directory;
}

std::optional<Form> form_called(std::string_view name) {
  const auto* const form = std::find_if(kForms.begin(), kForms.end(),
                                        [&](const auto& known) { return known.first == name; });
  return form == kForms.end() ? std::nullopt : std::optional(form->second);
}

// The number that it begins with is cut off.
std::size_t take_number(std::string_view& name) {
  std::size_t number = 0;
  const auto end = std::from_chars(name.data(), name.data() + name.size(), number);
  if (number > 0) name.remove_prefix(static_cast<std::size_t>(end.ptr - name.data()));
  return number;
}

// "size.": a column's name and a form. A name may end as a form does.
Placeholder named(std::string_view content, const std::vector<std::string>& names) {
  for (const auto& [ending, form] : kForms) {
    if (form >= Form::number || !content.ends_with(ending)) continue;
    const std::string_view name = content.substr(0, content.size() - ending.size());
    const auto at = std::find(names.begin(), names.end(), name);
    if (name.empty() || at == names.end()) continue;
    return {.form = form, .column = static_cast<std::size_t>(at - names.begin()) + 1, .size = 1};
  }
  return {};
}

Placeholder called(std::string_view content, const ColumnNames& columns) {
  std::string_view name = content;
  const std::size_t column = columns.numbered ? take_number(name) : 0;
  const auto form = form_called(name);
  if (form && (column == 0 || *form < Form::number)) {
    return {.form = *form, .column = column, .size = 1};
  }
  return named(content, columns.names);
}

}  // namespace

std::string_view in_form(std::string_view path, Form form) {
  switch (form) {
    case Form::stem:
      return stem_of(path);
    case Form::base:
      return base_of(path);
    case Form::directory:
      return directory_of(path);
    case Form::base_stem:
      return stem_of(base_of(path));
    case Form::whole:
    case Form::number:
    case Form::slot:
      break;
  }
  return path;
}

Placeholder placeholder_at(std::string_view text, const ColumnNames& columns) {
  const auto end = text.starts_with('{') ? text.find('}') : std::string_view::npos;
  if (end == std::string_view::npos) return {};
  Placeholder placeholder = called(text.substr(1, end - 1), columns);
  if (placeholder.size > 0) placeholder.size = end + 1;
  return placeholder;
}

void append_value(std::string& text, const Placeholder& placeholder, const Values& values,
                  std::string_view task) {
  if (placeholder.form == Form::number) {
    text += std::to_string(values.id);
  } else if (placeholder.form == Form::slot) {
    text += std::to_string(values.slot);
  } else if (placeholder.column == 0) {
    text += in_form(task, placeholder.form);
  } else if (placeholder.column <= values.columns.size()) {
    text += in_form(values.columns[placeholder.column - 1], placeholder.form);
  }
}

}  // namespace divvy::worker
