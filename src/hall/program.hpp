// What the three programs have in common as programs: options, notices, the way they end.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "divvy/endpoints.hpp"
#include "hall/events.hpp"

// CLI11 is large; only where options are defined it is included.
namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace divvy {

inline constexpr int kExitTrouble = 255;

/// 0 if nothing failed, up to 100 how many tasks failed, 101 for more.
int exit_status(std::uint64_t failed);

/// The same for a --help.
inline constexpr std::string_view kExitStatuses =
    "Exit status: 0 all succeeded; 1-100 so many failed; 101 more; 255 trouble.";

/// The options that all three take.
struct CommonOptions {
  std::string at{kDefaultAddress};
  Endpoints endpoints;
  std::string key;  // file; none: nothing is encrypted
  bool insecure = false;
  bool quiet = false;
  bool verbose = false;

  void add_to(CLI::App& app);
  /// Fills in the endpoints that were not given. Throws std::invalid_argument if the address is
  /// bad, or if others can reach an endpoint and neither --key nor --insecure is given.
  void settle();
  /// Throws std::invalid_argument if others can reach `endpoint` and nothing allows it.
  void admit(const std::string& endpoint) const;
};

/// For the value of an option: accepts endpoints.
CLI::Validator endpoint_check();

/// For the value of an option: accepts `least` to `most` bytes, also as 64k or 10m, and turns them
/// into their number.
CLI::Validator size_between(std::uint64_t least, std::uint64_t most);

/// What a program is, for its --help.
struct Program {
  std::string name;
  std::string arguments;  // besides options
  std::string description;
  std::function<void(CLI::App&)> add_options;
};

/// Reads the options and runs `body`; a mistake in the options, or anything it throws, becomes one
/// line "name: message" on standard error and status 255.
int run_program(const Program& program, int argc, const char* const* argv,
                const std::function<int()>& body);

/// Lines for the user on standard error, each with the program's name in front. On a terminal each
/// erases to the end of the line that it begins on: somebody's progress may be drawn there.
class Notices {
 public:
  Notices(const std::string& program, const CommonOptions& options);

  /// Something is wrong. Control characters, which may come from others, become question marks.
  void warn(std::string_view line) const;
  /// Told unless --quiet.
  void tell(std::string_view line) const;
  /// Told with --verbose only.
  void detail(std::string_view line) const;
  /// A peer sent what it should not; `what` is one of a few kinds. All are counted, the first of
  /// its kind is told of.
  void dropped(std::string_view what);
  /// Something is wrong that may be wrong often: told once a minute for each `about`.
  void seldom(const std::string& about, std::string_view line);

 private:
  std::string prefix_;
  bool quiet_;
  bool verbose_;
  std::map<std::string, std::uint64_t> dropped_;
  std::map<std::string, Time> told_;  // seldom
};

/// What a user gives in seconds, fractions allowed.
inline std::chrono::milliseconds from_seconds(double seconds) {
  return std::chrono::milliseconds(static_cast<long long>(seconds * 1000));
}

/// Random bits from the operating system.
std::uint64_t random_id();

}  // namespace divvy
