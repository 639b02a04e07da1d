#include "worker/advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include "common/quoting.hpp"
#include "worker/rules/script.hpp"
#include "worker/rules/template.hpp"

namespace divvy::worker {
namespace {

using Words = std::vector<std::string>;

constexpr std::array<std::string_view, 8> kShells{"sh",  "bash", "dash", "ash",
                                                  "zsh", "ksh",  "mksh", "rbash"};

bool is_shell(std::string_view word) {
  const std::string_view name = word.substr(word.rfind('/') + 1);
  return std::find(kShells.begin(), kShells.end(), name) != kShells.end();
}

bool is_placeholder(std::string_view word) {
  const std::size_t size = placeholder_at(word, true).size;
  return size > 0 && size == word.size();
}

// Which of the words a shell is given as its script: sh -c SCRIPT, bash -euo pipefail -c SCRIPT.
// There may be others in front, as of env or timeout.
std::optional<std::size_t> find_script(const Words& words) {
  std::size_t at = 0;
  while (at < words.size() && !is_shell(words[at])) ++at;
  bool has_script = false;
  for (++at; at < words.size() && words[at].find_first_of("-+") == 0; ++at) {
    const bool is_short = !words[at].starts_with("--");
    has_script = has_script || (is_short && words[at].find('c') != std::string::npos);
    if (is_short && words[at].find_first_of("oO") != std::string::npos) ++at;  // has a value
  }
  return has_script && at < words.size() ? std::optional(at) : std::nullopt;
}

// With the task as an argument of the script, behind those that it has.
Words with_safe_script(const Words& words, std::size_t at, bool columns) {
  const std::size_t arguments = words.size() - at - 1;  // the first of them is $0
  const auto safe = safe_script(words[at], std::max<std::size_t>(arguments, 1), columns);
  if (!safe) return {};
  Words better = words;
  better[at] = safe->script;
  if (arguments == 0) better.emplace_back("sh");
  better.insert(better.end(), safe->arguments.begin(), safe->arguments.end());
  return better;
}

std::optional<std::string> about_script(const Words& words, bool columns) {
  const auto at = find_script(words);
  if (!at || is_placeholder(words[*at]) || !pastes_text(words[*at], columns)) return {};
  const Words better = with_safe_script(words, *at, columns);
  return fmt::format(
      "the text of a task becomes a part of the script, so that a file named 'x; rm -rf y' runs "
      "that; safe for every name: {}",
      better.empty() ? "sh -c '... \"$1\" ...' sh {}" : as_typed(better));
}

bool is_operator(std::string_view word) {
  constexpr std::array<std::string_view, 8> operators{"|",  "||", "&&", ">",
                                                      ">>", "<",  "2>", "2>&1"};
  return std::find(operators.begin(), operators.end(), word) != operators.end();
}

// As arguments they are hardly meant, but for programs whose language has them.
bool has_operators_of_its_own(std::string_view program) {
  const std::string_view name = program.substr(program.rfind('/') + 1);
  return name == "expr" || name == "test" || name == "[" || name == "echo" || name == "printf";
}

// The words as a script, in which the operators are operators.
std::string as_script(const Words& words) {
  std::string script;
  for (const std::string& word : words) {
    if (!script.empty()) script += ' ';
    const bool as_it_is = is_operator(word) || Template(word, true).has_placeholders();
    script += as_it_is ? word : quoted({word});
  }
  return script;
}

std::optional<std::string> about_operators(const Words& words, bool columns) {
  const auto found = std::find_if(words.begin(), words.end(), is_operator);
  if (found == words.end() || has_operators_of_its_own(words.front())) return {};
  const Words better = run_by_shell(as_script(words), columns);
  return fmt::format("no shell reads the {}, it is an argument; with one: {}", *found,
                     better.empty() ? "sh -c '... \"$1\" ...' sh {}" : as_typed(better));
}

// {1} or {1.} where it can hardly be anything else: the quantifier of a regular expression has an
// atom in front, and is rarely 1.
bool has_column(std::string_view word) {
  if (is_placeholder(word)) return placeholder_at(word, true).column > 0;
  for (std::size_t at = 0; at < word.size(); ++at) {
    const bool begins =
        at == 0 || std::string_view(" /='\"").find(word[at - 1]) != std::string_view::npos;
    if (begins && placeholder_at(word.substr(at), true).column == 1) return true;
  }
  return false;
}

std::optional<std::string> about_columns(const Words& words) {
  const auto column = std::find_if(words.begin(), words.end(), has_column);
  if (column == words.end()) return {};
  const bool has_others = std::any_of(words.begin(), words.end(), [](const std::string& word) {
    return Template(word, false).has_placeholders();
  });
  if (has_others && !is_placeholder(*column)) return {};
  return fmt::format("{} stays as it is, for tasks have no columns; with --colsep '\\t' they have",
                     quoted({*column}));
}

}  // namespace

std::vector<std::string> advice(const std::vector<std::string>& command, bool columns) {
  std::vector<std::string> lines;
  if (const auto line = about_script(command, columns)) lines.push_back(*line);
  if (const auto line = about_operators(command, columns)) lines.push_back(*line);
  const auto line = columns ? std::nullopt : about_columns(command);
  if (line) lines.push_back(*line);
  return lines;
}

std::vector<std::string> run_by_shell(const std::string& script, bool columns) {
  return with_safe_script({"sh", "-c", script}, 2, columns);
}

std::string as_typed(const std::vector<std::string>& words) {
  std::string line;
  for (const std::string& word : words) {
    if (line.empty()) {
      line = quoted({word});
    } else {
      // What is quoted where a command begins need not be quoted here.
      line += is_placeholder(word) ? " " + word : quoted({"x", word}).substr(1);
    }
  }
  return line;
}

}  // namespace divvy::worker
