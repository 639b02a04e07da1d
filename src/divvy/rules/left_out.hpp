// The hosts that a batch goes on without.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/time.hpp"

namespace divvy::launcher {

/// Those with the same reason are told of together, a moment after the first one: fifty hosts that
/// cannot be reached are a line.
class LeftOut {
 public:
  /// `reason`: in ssh's words, or the worker's.
  void add(const std::string& host, const std::string& reason, Time now);

  /// When lines are due.
  [[nodiscard]] std::optional<Time> deadline() const { return due_; }
  /// Lines for the user, if they are due.
  std::vector<std::string> due(Time now);
  /// Those that are not told yet, whenever they are due.
  std::vector<std::string> rest();

 private:
  struct Group {
    std::string reason;  // of the first host, as it was
    std::vector<std::string> hosts;
  };

  std::map<std::string, Group> groups_;  // by the reason without the host's name
  std::optional<Time> due_;
};

/// "a, b and c"; of many the first ones, and how many more there are.
std::string names_of(const std::vector<std::string>& hosts);

}  // namespace divvy::launcher
