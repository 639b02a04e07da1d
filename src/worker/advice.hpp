// What people who come from other tools may not know of the command that they have typed.
#pragma once

#include <string>
#include <vector>

namespace divvy::worker {

/// A line for each surprise that waits in it. `columns`: whether tasks have any.
std::vector<std::string> advice(const std::vector<std::string>& command, bool columns);

/// A script in placeholders, such as "gzip {}", as a command that is right for every task:
/// sh -c 'gzip "$1"' sh {}. Empty where it is not known how a shell reads it.
std::vector<std::string> run_by_shell(const std::string& script, bool columns);

/// Words as people type them: quoted for a shell where that is needed, for a placeholder it is not.
std::string as_typed(const std::vector<std::string>& words);

}  // namespace divvy::worker
