#include "worker/rules/command.hpp"

#include <algorithm>
#include <stdexcept>

namespace divvy::worker {

Command::Command(const std::vector<std::string>& words, const Settings& settings)
    : task_on_stdin_(settings.task_on_stdin) {
  if (!settings.colsep.empty()) separator_.emplace(settings.colsep);
  for (const std::string& word : words) words_.emplace_back(word, separator_.has_value());
  const bool has_placeholder = std::any_of(
      words_.begin(), words_.end(), [](const Template& word) { return word.has_placeholders(); });
  if (has_placeholder || task_on_stdin_) return;
  words_.emplace_back("{}", false);
  appended_ = true;
}

std::vector<std::string> Command::with(const Execution& execution) const {
  const Columns columns = separator_ ? separator_->columns(execution.text) : Columns();
  std::vector<std::string> filled;
  filled.reserve(words_.size());
  for (const Template& word : words_) filled.push_back(word.with(execution, columns));
  if (appended_ && execution.form == TextForm::piece) filled.pop_back();
  check_arguments(filled);
  return filled;
}

void check_arguments(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word.find('\0') == std::string::npos) continue;
    throw std::invalid_argument("a NUL byte cannot be in an argument");
  }
}

}  // namespace divvy::worker
