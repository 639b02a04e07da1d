// The command that a worker runs, and how a task becomes an argument of it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace divvy::worker {

class Command {
 public:
  /// `words`: the program and its arguments, not empty. Without a {} in any of them, one is added
  /// as the last argument.
  explicit Command(std::vector<std::string> words);

  /// The words with `text` for each {}. No shell sees them.
  [[nodiscard]] std::vector<std::string> with(std::string_view text) const;

 private:
  std::vector<std::string> words_;
};

}  // namespace divvy::worker
