// What is run on another machine to start a worker there.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace divvy::launcher {

/// What ssh is told to run, one word. It reads a script from the first line of its standard input,
/// and leaves the rest to that. Each login shell takes it for the same: no quote, backslash,
/// exclamation mark or line end is in it that sh, fish and csh read in different ways. So what is
/// in the script need not go through a login shell.
inline constexpr std::string_view kReadScript =
    R"(exec sh -c 'n=$(printf "\n."); n=${n%.}; IFS= read -r s && eval "$s"')";

/// What the script says on standard error right before the worker starts: the end of a line, for a
/// greeting of the host's may be its beginning. kStartsHere: in the directory that was asked for.
inline constexpr std::string_view kStartsHere = "divvy: a worker starts here";
inline constexpr std::string_view kStartsAtHome = "divvy: a worker starts at home";

/// What the script ends with, whatever the worker's status is, if divvy cannot be run there, or the
/// worker could not go on. A shell ends with 128 and more for a signal, ssh with 255.
inline constexpr int kRemoteTrouble = 3;

struct RemoteStart {
  std::string directory;               // to be in, if it is there
  std::string worker;                  // the program's path, if it is the same there
  std::string version;                 // that the program must have
  std::uint16_t port = 0;              // of the address that the connection comes from
  std::vector<std::string> arguments;  // of the worker, beside where to meet and its key
};

/// The script for kReadScript, with the line's end. What follows it is the worker's standard input.
std::string remote_script(const RemoteStart& start);

}  // namespace divvy::launcher
