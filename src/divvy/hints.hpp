// What somebody means who types as in GNU parallel or xargs.
#pragma once

#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace divvy::launcher {

/// A line that says what to type instead of `words`, the whole command line; `app` has the options.
/// Empty if nothing is known to be meant otherwise.
std::string hint(const CLI::App& app, const std::vector<std::string>& words);

/// The same for files, and a standard input, whose lines would be numbers of milliseconds and are
/// not: no command was given. `files`: none for standard input.
std::string hint_at_commands(const std::vector<std::string>& words,
                             const std::vector<std::string>& files, bool null_delimited);
/// The same for the values of `lists`, which `words` end with.
std::string hint_at_commands_in(const std::vector<std::string>& lists,
                                const std::vector<std::string>& words);

}  // namespace divvy::launcher
