// Which machines take part, and with how many slots.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "divvy/options.hpp"
#include "divvy/rules/hosts.hpp"

namespace divvy::launcher {

struct Team {
  std::uint32_t jobs_here = 0;
  std::vector<Host> others{};
  std::vector<std::string> ssh{};  // the command that reaches them
};

/// Reads files of hosts. A dry run is on this machine alone. Throws, with a line for the user, if
/// anything is wrong in --hosts, --jobs or --ssh.
Team team_of(const Options& options);

}  // namespace divvy::launcher
