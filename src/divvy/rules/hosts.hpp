// The machines that workers are to be started on, as --hosts names them.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace divvy::launcher {

struct Host {
  std::string name;   // for people: HOST or USER@HOST, as it was typed
  std::string login;  // for ssh: the same, an IPv6 address without brackets
  std::string slots;  // N, N%, +N or -N; empty: as --jobs says
  bool is_here = false;
};

/// Reads HOST, HOST:SLOTS, USER@HOST, [IPv6]:SLOTS; "localhost" is this machine. What SLOTS are is
/// not looked at. Throws std::invalid_argument with a line for the user.
Host parse_host(std::string_view entry);

/// What stands between the commas.
std::vector<std::string> split_hosts(std::string_view list);

/// The entries in a file: one a line, without blanks around it; what follows a # is a comment.
std::vector<std::string> hosts_in_file(std::string_view text);

/// Throws std::invalid_argument if one is there twice, also for different users.
void require_different(const std::vector<Host>& hosts);

}  // namespace divvy::launcher
