#include "divvy/hints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <stdexcept>
#include <string_view>

#include "common/descriptor.hpp"
#include "common/program_path.hpp"
#include "common/quoting.hpp"
#include "common/workload.hpp"
#include "divvy/command_line.hpp"
#include "divvy/foreign.hpp"
#include "divvy/lookup.hpp"
#include "ventilator/rules/combinations.hpp"
#include "worker/advice.hpp"
#include "worker/rules/command.hpp"
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
  return worker::Template(word, worker::kNumberedColumns).has_placeholders();
}

bool is_separator(const std::string& word) { return ventilator::begins_list(word); }

// What a shell would read otherwise than as words.
bool is_script(const Words& command) {
  return !command.empty() && !is_program(command.front()) &&
         command.front().find_first_of(" \t\n|&;<>()$`") != std::string::npos;
}

std::string joined_by_blanks(const Words& words) {
  return fmt::format("{}", fmt::join(words, " "));
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

// With what is in front of it: -- or -c.
Words meant(const Words& command) {
  if (sets_variable(command)) return joined({"--", "env"}, command);
  if (is_script(command)) return {"-c", joined_by_blanks(command)};
  return joined({"--"}, command);
}

// What has to be changed in a script; empty: nothing.
std::string trouble_with(const Words& command, bool columns) {
  if (command.front() != "-c") return {};
  try {
    (void)worker::Command::of_script(command.back(), {.colsep = columns ? "," : ""});
    return {};
  } catch (const std::invalid_argument& error) {
    return fmt::format("; but {}", error.what());
  }
}

std::string did_you_mean(const Line& line, const Words& command, const Words& values = {}) {
  return fmt::format("did you mean: {}{}",
                     worker::as_typed(joined(joined(line.options, command), values)),
                     trouble_with(command, line.columns));
}

// divvy FILE -- ...
std::string instead_of_files(Line line, const Words& command, const Words& files) {
  line.options = joined(line.options, files);
  return fmt::format(":::: is not there; {}", did_you_mean(line, meant(command)));
}

// A script of which only the first word is -c's, as -c is typed without quotes.
std::string about_script(Line line, Word rest) {
  const Words more(rest, std::find_if(rest, line.end, is_separator));
  const Words values(rest + static_cast<std::ptrdiff_t>(more.size()), line.end);
  const std::string script = line.options.back() + " " + joined_by_blanks(more);
  line.options.resize(line.options.size() - 2);
  return fmt::format("-c takes one word, in quotes; {}",
                     did_you_mean(line, {"-c", script}, values));
}

// Whether the script is what stands right before the rest, and a single word.
bool ends_with_script(const Line& line) {
  const auto size = line.options.size();
  return line.has_script && size > 2 &&
         line.options.back().find_first_of(" \t\n") == std::string::npos &&
         (line.options[size - 2] == "-c" || line.options[size - 2] == "--shell");
}

std::string about_unknown(const Line& line) {
  if (ends_with_script(line)) return about_script(line, line.unknown);
  const std::string& option = *line.unknown;
  const std::string next = line.unknown + 1 < line.dashes ? *(line.unknown + 1) : "";
  const std::string answer = instead_of(option, next);
  if (answer.empty()) return {};
  return fmt::format("unknown option {}; {} (see divvy --help)", option, answer);
}

// Words behind -- are a command.
std::string about_command(const Line& line) {
  if (line.has_script) return {};
  const auto separator = std::find_if(line.dashes + 1, line.end, is_separator);
  const Words command(line.dashes + 1, separator);
  const Words values(separator, line.end);
  Line whole = line;
  if (line.argument != line.end) {
    whole.options.insert(whole.options.end(), line.argument, line.dashes);
  }
  if (!values.empty() && values.front() == "::::" && !command.empty()) {
    return instead_of_files(whole, command, {values.begin() + 1, values.end()});
  }
  if (command.empty() || !(is_script(command) || sets_variable(command))) return {};
  return fmt::format("{} is a script and no program; {}", quoted({command.front()}),
                     did_you_mean(whole, meant(command), values));
}

// divvy ::: VALUE... -- COMMAND
std::string about_order(const Line& line, Word separator) {
  const Words command(line.dashes + 1, line.end);
  if (line.has_script || command.empty()) return {};
  Line whole = line;
  if (line.argument < separator) {
    whole.options.insert(whole.options.end(), line.argument, separator);
  }
  return fmt::format("::: and its values come last; {}",
                     did_you_mean(whole, meant(command), {separator, line.dashes}));
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
  if (first == line.end || first->starts_with('-')) return {};  // options may follow files
  const auto separator = std::find_if(first, line.end, is_separator);
  const Words words(first, separator);
  const Words values(separator, line.end);
  if (words.empty()) return {};
  if (first == line.argument && ends_with_script(line)) return about_script(line, first);
  if (line.has_script) return {};
  Line whole = line;
  whole.options.insert(whole.options.end(), line.argument, first);
  if (!values.empty() && values.front() == "::::") {
    return instead_of_files(whole, words, {values.begin() + 1, values.end()});
  }
  const bool is_command = !values.empty() || is_program(*first) || is_script_and_no_name(words) ||
                          sets_variable(words) ||
                          std::any_of(words.begin(), words.end(), has_placeholder);
  if (!is_command) return {};
  return fmt::format("{} is no file with a task a line; {}", quoted({*first}),
                     did_you_mean(whole, meant(words), values));
}

}  // namespace

std::string hint(const CLI::App& app, const Words& words) {
  const Line line = CommandLine::take_apart(app, words);
  if (line.unknown != line.end) return about_unknown(line);
  const auto separator = std::find_if(words.begin(), words.end(), is_separator);
  if (separator < line.dashes && line.dashes != line.end) return about_order(line, separator);
  if (line.dashes != line.end) return about_command(line);
  return line.argument != line.end ? about_arguments(line) : "";
}

namespace {

std::string no_workload(std::string_view task) {
  constexpr std::size_t enough = 60;
  return in_quotes(task.substr(0, enough)) + " is no number of milliseconds to sleep";
}

}  // namespace

std::string hint_at_commands(const Words& words, const Words& files, bool null_delimited) {
  const char delimiter = null_delimited ? '\0' : '\n';
  for (const std::string& file : files.empty() ? Words{"-"} : files) {
    const auto task = first_task(file, delimiter);
    if (!task || parse_workload(*task)) continue;
    return fmt::format(
        "{}; to run each line: {}; to give each to a command: divvy {}-- COMMAND {{}}",
        no_workload(*task),
        worker::as_typed(
            joined(joined({"divvy"}, {words.begin() + 1, words.end()}), {"--", "sh", "-c", "{}"})),
        files.empty() ? "" : quoted(files) + " ");
  }
  return {};
}

std::string hint_at_commands_in(const Words& lists, const Words& words) {
  const auto task = std::find_if(lists.begin(), lists.end(), [](const std::string& word) {
    return !is_separator(word) && !parse_workload(word);
  });
  if (task == lists.end()) return {};
  const auto values = words.end() - static_cast<std::ptrdiff_t>(lists.size());
  const Words options(words.begin() + 1, values);
  return fmt::format("{}; to give each value to a command: {} {}", no_workload(*task),
                     worker::as_typed(joined(joined({"divvy"}, options), {"--", "COMMAND", "{}"})),
                     "::: VALUE...");
}

}  // namespace divvy::launcher
