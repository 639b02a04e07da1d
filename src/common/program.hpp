// What the programs have in common as programs: how they begin and end.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace divvy {

inline constexpr int kExitTrouble = 255;
inline constexpr int kMostCounted = 100;

/// 0 if nothing failed, up to 100 how many tasks failed, 101 for more.
int exit_status(std::uint64_t failed);

/// Cuts off the command, whatever follows the first --; returns it.
std::vector<std::string> take_command(int& argc, const char* const* argv);

/// What a program is, for its --help.
struct Program {
  std::string name{};
  std::string arguments{};  // besides options
  std::string description{};
  std::function<void(CLI::App&)> add_options{};
  /// What is meant by a command line that is none: a line to be said instead of what is wrong with
  /// it. Empty: nothing is known.
  std::function<std::string(const CLI::App&)> hint{};
};

/// Reads the options and runs `body`; a mistake in the options, or anything it throws, becomes one
/// line "name: message" on standard error and status 255.
int run_program(const Program& program, int argc, const char* const* argv,
                const std::function<int(CLI::App&)>& body);

}  // namespace divvy
