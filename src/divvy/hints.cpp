#include "divvy/hints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <string_view>

#include "common/descriptor.hpp"
#include "common/program_path.hpp"
#include "common/quoting.hpp"
#include "common/workload.hpp"
#include "divvy/command_line.hpp"
#include "divvy/foreign.hpp"
#include "divvy/lookup.hpp"
#include "worker/advice.hpp"
#include "worker/rules/template.hpp"

namespace divvy::launcher {
namespace {

using Words = std::vector<std::string>;
using Word = Words::const_iterator;
using Line = CommandLine;

Words joined(Words first, const Words& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

bool has_placeholder(const std::string& word) {
  return worker::Template(word, true).has_placeholders();
}

bool is_separator(const std::string& word) { return word.starts_with(":::"); }

// What a shell would read otherwise than as words.
bool is_script(const Words& command) {
  return !command.empty() && !is_program(command.front()) &&
         command.front().find_first_of(" \t\n|&;<>()$`") != std::string::npos;
}

std::string joined_by_blanks(const Words& words) {
  return fmt::format("{}", fmt::join(words, " "));
}

// A script as a command; empty if that is beyond us.
Words by_shell(std::string script, const Line& line) {
  if (line.on_stdin) return {"sh", "-c", script};
  if (!worker::Template(script, line.columns).has_placeholders()) script += " {}";
  return worker::run_by_shell(script, line.columns);
}

// A=b COMMAND: a variable for the command, set by a shell.
bool sets_variable(const Words& command) {
  const std::string& first = command.front();
  const auto name = first.substr(0, first.find('='));
  const bool is_name = std::all_of(name.begin(), name.end(), [](unsigned char letter) {
    return std::isalnum(letter) != 0 || letter == '_';
  });
  return name.size() < first.size() && is_name && command.size() > 1 && !is_program(first);
}

Words meant(const Words& command, const Line& line) {
  if (sets_variable(command)) return joined({"env"}, command);
  return is_script(command) ? by_shell(joined_by_blanks(command), line) : command;
}

std::string did_you_mean(const Words& before, const Words& command) {
  if (command.empty()) return "did you mean: divvy -- sh -c '... \"$1\" ...' sh {}";
  return "did you mean: " + worker::as_typed(joined(joined(before, {"--"}), command));
}

// printf '%s\n' a b c | divvy -- ..., or divvy FILE -- ...
std::string instead_of_separator(const Words& words, const Line& line) {
  const auto first = std::find_if(words.begin(), words.end(), is_separator);
  const Words values(first + 1, words.end());
  const Words command(words.begin(), first);
  const std::string what = *first + " is not there yet";
  if (std::any_of(values.begin(), values.end(), is_separator)) {
    return what + "; write each combination on a line, and use --colsep";
  }
  if (*first == "::::") {
    return fmt::format("{}; {}", what,
                       did_you_mean(joined(line.options, values), meant(command, line)));
  }
  const bool lines = std::none_of(values.begin(), values.end(), [](const std::string& value) {
    return value.empty() || value.find('\n') != std::string::npos;
  });
  const Words before = lines ? line.options : joined(line.options, {"-0"});
  const std::string text = did_you_mean(before, meant(command, line));
  const std::string print = quoted(joined({"printf", lines ? "%s\\n" : "%s\\0"}, values));
  const std::size_t colon = text.find(": ") + 2;
  return fmt::format("{}; {}{} | {}", what, text.substr(0, colon), print, text.substr(colon));
}

std::string about_unknown(const Line& line) {
  const std::string& option = *line.unknown;
  const std::string next = line.unknown + 1 < line.dashes ? *(line.unknown + 1) : "";
  if ((option == "-c" || option == "--shell") && !next.empty()) {
    const Words before = joined(line.options, {line.unknown + 2, line.dashes});
    return fmt::format("{} is not there yet; {}", option,
                       did_you_mean(before, by_shell(next, line)));
  }
  const std::string answer = instead_of(option, next);
  if (answer.empty()) return {};
  return fmt::format("unknown option {}; {} (see divvy --help)", option, answer);
}

// Words behind -- are a command.
std::string about_command(const Line& line) {
  const Words command(line.dashes + 1, line.end);
  Words before = line.options;
  if (line.argument != line.end) before.insert(before.end(), line.argument, line.dashes);
  Line whole = line;
  whole.options = before;
  if (std::any_of(command.begin(), command.end(), is_separator)) {
    return instead_of_separator(command, whole);
  }
  if (command.empty() || !(is_script(command) || sets_variable(command))) return {};
  return fmt::format("{} is a script and no program; {}", quoted({command.front()}),
                     did_you_mean(before, meant(command, line)));
}

// A file's name may have blanks in it, too.
bool is_script_and_no_name(const Words& words) {
  const std::string& first = words.front();
  return is_script(words) && (is_program(first.substr(0, first.find(' '))) ||
                              first.find_first_of("|&;<>$`") != std::string::npos);
}

// A program that is named by its path is hardly a list of tasks.
bool is_file(const std::string& word) {
  const bool is_path = word.find('/') != std::string::npos;
  return read_error(word) == 0 && !(is_path && is_program(word));
}

// Words that should be files, and may be a command.
std::string about_arguments(const Line& line) {
  const auto first = std::find_if_not(line.argument, line.end, is_file);
  if (first == line.end) return {};
  Line whole = line;
  whole.options.insert(whole.options.end(), line.argument, first);
  const Words words(first, line.end);
  if (std::any_of(words.begin(), words.end(), is_separator)) {
    return instead_of_separator(words, whole);
  }
  const bool is_command = is_program(*first) || is_script_and_no_name(words) ||
                          sets_variable(words) ||
                          std::any_of(words.begin(), words.end(), has_placeholder);
  if (!is_command) return {};
  return fmt::format("{} is no file with a task a line; {}", quoted({*first}),
                     did_you_mean(whole.options, meant(words, line)));
}

}  // namespace

std::string hint(const CLI::App& app, const Words& words) {
  const Line line = CommandLine::take_apart(app, words);
  if (line.unknown != line.end) return about_unknown(line);
  if (line.dashes != line.end) return about_command(line);
  return line.argument != line.end ? about_arguments(line) : "";
}

std::string hint_at_commands(const Words& words, const Words& files, bool null_delimited) {
  const char delimiter = null_delimited ? '\0' : '\n';
  for (const std::string& file : files.empty() ? Words{"-"} : files) {
    const auto task = first_task(file, delimiter);
    if (!task || parse_workload(*task)) continue;
    constexpr std::size_t enough = 60;
    return fmt::format(
        "{} is no number of milliseconds to sleep; to run each line: {}; to give each to a "
        "command: divvy {}-- COMMAND {{}}",
        in_quotes(std::string_view(*task).substr(0, enough)),
        worker::as_typed(
            joined(joined({"divvy"}, {words.begin() + 1, words.end()}), {"--", "sh", "-c", "{}"})),
        files.empty() ? "" : quoted(files) + " ");
  }
  return {};
}

}  // namespace divvy::launcher
