// The words of a command with any task in their placeholders: the first line is a word, the rest
// the task. The separators are of those that a worker's owner may choose; peers choose only the
// task.
#include <array>
#include <string>

#include "check.hpp"
#include "worker/rules/separator.hpp"
#include "worker/rules/template.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace divvy::worker;
  static const std::array<Separator, 4> separators{Separator("\\t"), Separator(","),
                                                   Separator("[ \t]+"), Separator("^|x*|$")};
  // Terminated, for the sanitizer's regexec does not know where to stop.
  const std::string terminated(as_text(data, size));
  const std::string_view input = terminated;
  const auto line = input.find('\n');
  const std::string_view word = input.substr(0, line);
  const std::string_view text = input.substr(line == std::string_view::npos ? size : line + 1);
  for (const Separator& separator : separators) {
    const Columns columns = separator.columns(text);
    check(!columns.empty());
    for (const std::string_view column : columns) check(column.size() <= text.size());
    for (const bool with_columns : {false, true}) {
      const Template parsed(word, with_columns);
      const std::string filled = parsed.with({.text = text, .id = 2, .slot = 3}, columns);
      check(parsed.has_placeholders() || filled.size() <= word.size());
    }
  }
  return 0;
}
