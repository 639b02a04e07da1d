#include "divvy/command_line.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <optional>

#include "common/help.hpp"

namespace divvy::launcher {
namespace {

// How many words an option takes with its value: --jobs=4, -kj4 one, -j 4 two. Nothing if it, or
// one of several letters, is not ours.
std::optional<int> words_of(const CLI::App& app, const std::string& word) {
  if (word.starts_with("--")) {
    const auto* const option = app.get_option_no_throw(word.substr(0, word.find('=')));
    if (option == nullptr) return {};
    return is_flag(*option) || word.find('=') != std::string::npos ? 1 : 2;
  }
  for (std::size_t at = 1; at < word.size(); ++at) {
    const auto* const option = app.get_option_no_throw(std::string{'-', word[at]});
    if (option == nullptr) return {};
    if (!is_flag(*option)) return at + 1 < word.size() ? 1 : 2;
  }
  return 1;
}

}  // namespace

CommandLine CommandLine::take_apart(const CLI::App& app, const Words& words) {
  CommandLine line;
  line.dashes = std::find(words.begin(), words.end(), "--");
  line.unknown = line.argument = line.end = words.end();
  auto at = words.begin() + 1;
  while (at < line.dashes) {
    if (at->size() < 2 || !at->starts_with('-')) {
      line.argument = at;
      break;
    }
    const auto count = words_of(app, *at);
    if (!count) {
      line.unknown = at;
      break;
    }
    line.columns = line.columns || at->starts_with("--colsep");
    line.on_stdin =
        line.on_stdin || *at == "--stdin" || *at == "--filter" || at->starts_with("--block");
    at += std::min<std::ptrdiff_t>(*count, line.dashes - at);
  }
  line.options.assign(words.begin(), at);
  line.options.front() = "divvy";
  return line;
}

}  // namespace divvy::launcher
