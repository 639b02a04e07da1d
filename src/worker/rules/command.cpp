#include "worker/rules/command.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "common/words.hpp"

namespace divvy::worker {

// What is a placeholder depends on the columns that tasks have.
struct Command::Parsed {
  TextForm form = TextForm::line;
  std::string header{};
  std::vector<Template> words{};
  std::optional<Script> script{};
};

Command::Command(std::vector<std::string> words, const Settings& settings)
    : Command(std::move(words), false, settings) {}

Command Command::of_script(const std::string& script, const Settings& settings) {
  return {{script}, true, settings};
}

Command::Command(std::vector<std::string> source, bool is_script, const Settings& settings)
    : source_(std::move(source)), is_script_(is_script), task_on_stdin_(settings.task_on_stdin) {
  if (!settings.colsep.empty()) separator_.emplace(settings.colsep);
  for_lines_ = parse(TextForm::line, {});
}

std::shared_ptr<const Command::Parsed> Command::parse(TextForm form,
                                                      std::string_view header) const {
  const ColumnNames columns = column_names(form, header);
  Parsed parsed{.form = form, .header = std::string(header)};
  const bool on_stdin = task_on_stdin_ || form == TextForm::piece;
  if (is_script_) {
    parsed.script.emplace(source_.front(), columns);
    if (!parsed.script->has_placeholders() && !on_stdin) parsed.script->append_task();
    return std::make_shared<const Parsed>(std::move(parsed));
  }
  for (const std::string& word : source_) parsed.words.emplace_back(word, columns);
  const bool has_placeholder =
      std::any_of(parsed.words.begin(), parsed.words.end(),
                  [](const Template& word) { return word.has_placeholders(); });
  if (!has_placeholder && !on_stdin) parsed.words.emplace_back("{}", columns);
  return std::make_shared<const Parsed>(std::move(parsed));
}

const Command::Parsed& Command::parsed_for(const Execution& execution) const {
  if (execution.form == TextForm::line && execution.header.empty()) return *for_lines_;
  if (!for_others_ || for_others_->form != execution.form ||
      for_others_->header != execution.header) {
    for_others_ = parse(execution.form, execution.header);
  }
  return *for_others_;
}

ColumnNames Command::column_names(TextForm form, std::string_view header) const {
  const bool numbered = separator_ || form == TextForm::words || !header.empty();
  if (header.empty()) return {.numbered = numbered};
  if (form == TextForm::words) return {.numbered = true, .names = values_of(form, header)};
  const Columns names = columns_of(header, header);
  return {.numbered = true, .names = {names.begin(), names.end()}};
}

Columns Command::columns_of(std::string_view line, std::string_view header) const {
  if (separator_) return separator_->columns(line);
  return header.empty() ? Columns() : Columns{line};
}

std::vector<std::string> Command::with(const Execution& execution) const {
  const Parsed& parsed = parsed_for(execution);
  Values values{.tasks = {&execution.text, 1}, .id = execution.id, .slot = execution.slot};
  std::vector<std::string> several;
  if (execution.form == TextForm::words) {
    several = values_of(execution.form, execution.text);
    values.columns.assign(several.begin(), several.end());
    values.tasks = values.columns;
  } else {
    values.columns = columns_of(execution.text, execution.header);
  }
  std::vector<std::string> filled;
  if (parsed.script) filled = {"sh", "-c", parsed.script->with(values)};
  filled.reserve(parsed.words.size());
  for (const Template& word : parsed.words) word.append_to(filled, values);
  check_arguments(filled);
  return filled;
}

bool Command::depends_on_task() const {
  const auto& words = for_lines_->words;
  return for_lines_->script ? for_lines_->script->depends_on_task()
                            : std::any_of(words.begin(), words.end(), [](const Template& word) {
                                return word.depends_on_task();
                              });
}

std::vector<std::string> values_of(TextForm form, std::string_view text) {
  if (form != TextForm::words) return {std::string(text)};
  auto words = split_words(text);
  if (!words) throw std::invalid_argument("a quote in the task is not closed");
  return std::move(*words);
}

void check_arguments(const std::vector<std::string>& words) {
  for (const std::string& word : words) {
    if (word.find('\0') == std::string::npos) continue;
    throw std::invalid_argument("a NUL byte cannot be in an argument");
  }
}

}  // namespace divvy::worker
