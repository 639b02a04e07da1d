// What people who come from other tools may not know of the command that they have typed.
#pragma once

#include <string>
#include <vector>

namespace divvy::worker {

/// A line for each surprise that waits in it. `columns`: whether lines have any.
std::vector<std::string> advice(const std::vector<std::string>& command, bool columns);

/// What to say of a column in it if tasks have none; empty: nothing.
std::string advice_on_columns(const std::vector<std::string>& command);

/// Words as people type them: quoted for a shell where that is needed, for a placeholder it is not.
std::string as_typed(const std::vector<std::string>& words);

}  // namespace divvy::worker
