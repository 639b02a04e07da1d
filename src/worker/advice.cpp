#include "worker/advice.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "common/quoting.hpp"
#include "worker/rules/script.hpp"
#include "worker/rules/template.hpp"

namespace divvy::worker {
namespace {

using Words = std::vector<std::string>;

constexpr std::array<std::string_view, 8> kShells{"sh",  "bash", "dash", "ash",
                                                  "zsh", "ksh",  "mksh", "rbash"};

std::string_view name_of(std::string_view path) { return path.substr(path.rfind('/') + 1); }

bool is_shell(std::string_view word) {
  const std::string_view name = name_of(word);
  return std::find(kShells.begin(), kShells.end(), name) != kShells.end();
}

bool is_placeholder(std::string_view word) {
  const std::size_t size = placeholder_at(word, kNumberedColumns).size;
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

// Whether some of a task's text would become a part of it. Its number and its slot's are harmless.
bool pastes_text(std::string_view script, const ColumnNames& columns) {
  for (std::size_t at = 0; at < script.size(); ++at) {
    const std::size_t escape = script[at] == '\\' ? 1 : 0;
    const auto placeholder = placeholder_at(script.substr(at + escape), columns);
    if (placeholder.size == 0) continue;
    if (escape == 0 && !placeholder.is_number()) return true;
    at += escape + placeholder.size - 1;
  }
  return false;
}

bool is_script_of_ours(const std::string& script) {
  try {
    return Script(script, kNumberedColumns).has_placeholders();
  } catch (const std::invalid_argument&) {
    return false;
  }
}

std::string with_script(const std::string& script) {
  return is_script_of_ours(script) ? as_typed({"-c", script}) : "-c SCRIPT";
}

// sh and no other shell, with nothing else to say to it.
bool is_plain_sh(const Words& words) {
  return words.size() == 3 && name_of(words[0]) == "sh" && words[1] == "-c";
}

std::string with_argument(const Words& words) {
  const auto shell = name_of(*std::find_if(words.begin(), words.end(), is_shell));
  return fmt::format("{0} -c '... \"$1\" ...' {0} {{}}", shell);
}

std::optional<std::string> about_script(const Words& words, bool columns) {
  const auto at = find_script(words);
  if (!at || is_placeholder(words[*at]) ||
      !pastes_text(words[*at], columns ? kNumberedColumns : kNoColumns)) {
    return {};
  }
  return fmt::format(
      "the text of a task becomes a part of the script, so that a file named 'x; rm -rf y' runs "
      "that; safe for every name: {}{}",
      is_plain_sh(words) ? "" : with_argument(words) + "; or by sh: ", with_script(words[*at]));
}

// Each task would be the name of a program.
std::optional<std::string> about_task_as_script(const Words& words) {
  const bool is_script = words.size() == 2 && words.front() == "-c" && is_placeholder(words.back());
  if (!is_script || placeholder_at(words.back(), kNumberedColumns).is_number()) return {};
  return fmt::format("{0} is quoted, so it is a program's name; where it is a script: -- sh -c {0}",
                     words.back());
}

bool is_operator(std::string_view word) {
  constexpr std::array<std::string_view, 8> operators{"|",  "||", "&&", ">",
                                                      ">>", "<",  "2>", "2>&1"};
  return std::find(operators.begin(), operators.end(), word) != operators.end();
}

// As arguments they are hardly meant, but for programs whose language has them.
bool has_operators_of_its_own(std::string_view program) {
  const std::string_view name = name_of(program);
  return name == "expr" || name == "test" || name == "[" || name == "echo" || name == "printf";
}

// Whether a shell reads the same word, but for placeholders.
bool is_plain_template(std::string_view word) {
  return Template(word, kNumberedColumns).has_placeholders() &&
         word.find_first_of(" \t\n|&;<>()$`\\\"'*?[#~!") == std::string_view::npos;
}

// The words as a script, in which the operators are operators.
std::string as_script(const Words& words) {
  std::string script;
  for (const std::string& word : words) {
    if (!script.empty()) script += ' ';
    const bool as_it_is = is_operator(word) || is_plain_template(word);
    script += as_it_is ? word : quoted({word});
  }
  return script;
}

std::optional<std::string> about_operators(const Words& words) {
  const auto found = std::find_if(words.begin(), words.end(), is_operator);
  if (found == words.end() || has_operators_of_its_own(words.front())) return {};
  return fmt::format("no shell reads the {}, it is an argument; with one: {}", *found,
                     as_typed({"-c", as_script(words)}));
}

// {1} or {1.} where it can hardly be anything else: the quantifier of a regular expression has an
// atom in front, and is rarely 1.
bool has_column(std::string_view word) {
  if (is_placeholder(word)) return placeholder_at(word, kNumberedColumns).column > 0;
  for (std::size_t at = 0; at < word.size(); ++at) {
    const bool begins =
        at == 0 || std::string_view(" /='\"").find(word[at - 1]) != std::string_view::npos;
    if (begins && placeholder_at(word.substr(at), kNumberedColumns).column == 1) return true;
  }
  return false;
}

}  // namespace

std::vector<std::string> advice(const std::vector<std::string>& command, bool columns) {
  std::vector<std::string> lines;
  for (const auto& line :
       {about_script(command, columns), about_operators(command), about_task_as_script(command)}) {
    if (line) lines.push_back(*line);
  }
  return lines;
}

std::string advice_on_columns(const std::vector<std::string>& command) {
  const auto column = std::find_if(command.begin(), command.end(), has_column);
  if (column == command.end()) return {};
  const bool has_others = std::any_of(command.begin(), command.end(), [](const std::string& word) {
    return Template(word, kNoColumns).has_placeholders();
  });
  if (has_others && !is_placeholder(*column)) return {};
  return fmt::format("{} stays as it is, for tasks have no columns; with --colsep '\\t' they have",
                     quoted({*column}));
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
