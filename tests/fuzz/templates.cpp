// The words of a command, or a script, with any task in their placeholders: the first line is a
// word and a script, the rest the task. The separators are of those that a worker's owner may
// choose; peers choose only the task.
#include <array>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "check.hpp"
#include "common/words.hpp"
#include "worker/rules/script.hpp"
#include "worker/rules/script_reader.hpp"
#include "worker/rules/separator.hpp"
#include "worker/rules/template.hpp"

namespace {

using namespace divvy::worker;

void fill_word(std::string_view word, const Values& values) {
  for (const ColumnNames& names : {kNoColumns, kNumberedColumns}) {
    const Template parsed(word, names);
    std::vector<std::string> words;
    parsed.append_to(words, values);
    check(words.size() == 1);
    check(parsed.has_placeholders() || words.front().size() <= word.size());
  }
}

std::size_t words_in(const Script::Word& all) {
  return std::accumulate(all.parts.begin(), all.parts.end(), std::size_t{1},
                         [](std::size_t count, const Script::Part& part) {
                           const auto* const word = std::get_if<Script::Word>(&part.is);
                           return count + (word == nullptr ? 0 : words_in(*word));
                         });
}

// How many words a shell reads, as far as we know.
std::size_t words_of(std::string_view script) {
  return words_in(ScriptReader(script, kNoColumns).read());
}

std::optional<std::string> filled(std::string_view script, const ColumnNames& names,
                                  std::string_view task, const Columns& columns) {
  try {
    return Script(script, names).with({.tasks = {&task, 1}, .columns = columns, .id = 2});
  } catch (const std::invalid_argument&) {
    return {};
  }
}

// Whatever a value is, a script has as many words with it.
void fill_script(std::string_view script, std::string_view task, const Columns& columns) {
  for (const ColumnNames& names : {kNoColumns, kNumberedColumns}) {
    const auto harmless = filled(script, names, "1", Columns(columns.size(), "1"));
    const auto any = filled(script, names, task, columns);
    check(harmless || !any);
    if (any) check(words_of(*any) == words_of(*harmless));
  }
}

void read_words(std::string_view text) {
  const auto words = divvy::split_words(text);
  if (words) check(divvy::split_words(divvy::joined_words(*words)) == words);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::array<Separator, 4> separators{Separator("\\t"), Separator(","),
                                                   Separator("[ \t]+"), Separator("^|x*|$")};
  // Terminated, for the sanitizer's regexec does not know where to stop.
  const std::string terminated(as_text(data, size));
  const std::string_view input = terminated;
  const auto line = input.find('\n');
  const std::string_view word = input.substr(0, line);
  const std::string_view text = input.substr(line == std::string_view::npos ? size : line + 1);
  read_words(text);
  for (const Separator& separator : separators) {
    const Columns columns = separator.columns(text);
    check(!columns.empty());
    for (const std::string_view column : columns) check(column.size() <= text.size());
    fill_word(word, {.tasks = {&text, 1}, .columns = columns, .id = 2, .slot = 3});
    fill_script(word, text, columns);
  }
  return 0;
}
