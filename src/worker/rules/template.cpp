#include "worker/rules/template.hpp"

#include <algorithm>

namespace divvy::worker {

Template::Template(std::string_view word, const ColumnNames& columns) {
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
  is_repeated_ = has([](const Placeholder& one) { return one.is_whole_task(); });
}

void Template::add_literal(std::string_view text) {
  if (pieces_.empty() || !std::holds_alternative<std::string>(pieces_.back())) {
    pieces_.emplace_back(std::string());
  }
  std::get<std::string>(pieces_.back()) += text;
}

bool Template::has(bool (*kind)(const Placeholder&)) const {
  return std::any_of(pieces_.begin(), pieces_.end(), [kind](const auto& piece) {
    const auto* const placeholder = std::get_if<Placeholder>(&piece);
    return placeholder != nullptr && kind(*placeholder);
  });
}

bool Template::has_placeholders() const {
  return has([](const Placeholder&) { return true; });
}

bool Template::depends_on_task() const {
  return has([](const Placeholder& one) { return one.form != Form::slot; });
}

void Template::append_to(std::vector<std::string>& words, const Values& values) const {
  if (!is_repeated_) {
    words.push_back(with(values, {}));
    return;
  }
  for (const std::string_view task : values.tasks) words.push_back(with(values, task));
}

std::string Template::with(const Values& values, std::string_view task) const {
  std::string word;
  for (const auto& piece : pieces_) {
    if (const auto* const placeholder = std::get_if<Placeholder>(&piece)) {
      append_value(word, *placeholder, values, task);
    } else {
      word += std::get<std::string>(piece);
    }
  }
  return word;
}

}  // namespace divvy::worker
