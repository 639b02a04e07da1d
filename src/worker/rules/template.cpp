#include "worker/rules/template.hpp"

#include <algorithm>
#include <array>
#include <charconv>
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

Placeholder placeholder_at(std::string_view text, bool columns) {
  const auto end = text.starts_with('{') ? text.find('}') : std::string_view::npos;
  if (end == std::string_view::npos) return {};
  std::string_view name = text.substr(1, end - 1);
  Placeholder placeholder;
  if (columns) {
    const auto number = std::from_chars(name.data(), name.data() + name.size(), placeholder.column);
    if (placeholder.column > 0)
      name.remove_prefix(static_cast<std::size_t>(number.ptr - name.data()));
  }
  const auto* const form = std::find_if(kForms.begin(), kForms.end(),
                                        [&](const auto& known) { return known.first == name; });
  if (form == kForms.end()) return {};
  placeholder.form = form->second;
  if (placeholder.column > 0 && placeholder.form >= Form::number) return {};
  placeholder.size = end + 1;
  return placeholder;
}

Template::Template(std::string_view word, bool columns) {
  while (!word.empty()) {
    const std::size_t backslash = word.starts_with('\\') ? 1 : 0;
    const Placeholder placeholder = placeholder_at(word.substr(backslash), columns);
    if (placeholder.size == 0) {
      add_literal(word.substr(0, 1));
      word.remove_prefix(1);
      continue;
    }
    if (backslash > 0) {
      add_literal(word.substr(1, placeholder.size));
    } else {
      pieces_.emplace_back(placeholder);
    }
    word.remove_prefix(backslash + placeholder.size);
  }
}

void Template::add_literal(std::string_view text) {
  if (pieces_.empty() || !std::holds_alternative<std::string>(pieces_.back())) {
    pieces_.emplace_back(std::string());
  }
  std::get<std::string>(pieces_.back()) += text;
}

bool Template::has_placeholders() const {
  return std::any_of(pieces_.begin(), pieces_.end(),
                     [](const auto& piece) { return std::holds_alternative<Placeholder>(piece); });
}

bool Template::depends_on_task() const {
  return std::any_of(pieces_.begin(), pieces_.end(), [](const auto& piece) {
    const auto* const placeholder = std::get_if<Placeholder>(&piece);
    return placeholder != nullptr && placeholder->form != Form::slot;
  });
}

std::string Template::with(const Execution& execution, const Columns& columns) const {
  std::string word;
  for (const auto& piece : pieces_) {
    if (const auto* const placeholder = std::get_if<Placeholder>(&piece)) {
      fill(word, *placeholder, execution, columns);
    } else {
      word += std::get<std::string>(piece);
    }
  }
  return word;
}

void Template::fill(std::string& word, const Placeholder& placeholder, const Execution& execution,
                    const Columns& columns) {
  if (placeholder.form == Form::number) {
    word += std::to_string(execution.id);
  } else if (placeholder.form == Form::slot) {
    word += std::to_string(execution.slot);
  } else if (placeholder.column == 0) {
    word += in_form(execution.text, placeholder.form);
  } else if (placeholder.column <= columns.size()) {
    word += in_form(columns[placeholder.column - 1], placeholder.form);
  }
}

}  // namespace divvy::worker
