// Scripts for a shell that have placeholders in them: there the text of a task would become a part
// of the script, so that a file named "x; rm -rf y" runs that.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace divvy::worker {

/// Whether some of a task's text would become a part of it. Its number and its slot's are harmless.
bool pastes_text(std::string_view script, bool columns);

/// A script that is given the task as its arguments, which is right for every text.
struct SafeScript {
  std::string script{};
  std::vector<std::string> arguments{};  // placeholders
};

/// `script` with "$1", "$2" and so on, from `first` on, where it has placeholders. Nothing where it
/// is not known how a shell reads it.
std::optional<SafeScript> safe_script(std::string_view script, std::size_t first, bool columns);

}  // namespace divvy::worker
