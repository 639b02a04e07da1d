// The options that the programs share, and checks of options' values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/host.hpp"
#include "common/log.hpp"
#include "divvy/endpoints.hpp"

// CLI11 is large; only where options are defined it is included.
namespace CLI {
class App;
class Validator;
}  // namespace CLI

namespace divvy {

/// The options that all three take.
struct CommonOptions {
  std::vector<std::string> at{std::string(kDefaultAddress)};  // one, but of a worker
  Endpoints endpoints;
  std::string key;  // file; none: nothing is encrypted
  bool insecure = false;
  bool quiet = false;
  bool silent = false;  // -q twice
  bool verbose = false;

  void add_to(CLI::App& app);
  /// Those that matter also where all three are started together.
  void add_general_to(CLI::App& app);
  /// Fills in the endpoints that were not given. Throws std::invalid_argument if one is bad.
  void complete();
  /// Does so, and fills in their addresses. Throws std::invalid_argument
  /// if one is bad, or if others can reach it and neither --key nor --insecure is given. Waits for
  /// host names that are not known yet.
  void resolve(const std::string& program, const Uses& uses);
  [[nodiscard]] bool is_protected() const { return insecure || !key.empty(); }
  [[nodiscard]] Verbosity verbosity() const {
    return {.quiet = quiet, .silent = silent, .verbose = verbose};
  }
};

/// For the value of an option: accepts endpoints.
CLI::Validator endpoint_check();

/// --lanes, with ports from 1 to 65535. `ports`: FIRST-LAST. `description`: for --help.
void add_lanes(CLI::App& app, std::string& ports, const std::string& description);
/// What it says; nothing, if `ports` is empty. `feedback`: the endpoint beside them. Throws
/// std::invalid_argument, with a line for the user, if that has no ports.
std::optional<PortRange> lanes_beside(const std::string& feedback, const std::string& ports);

/// For the value of an option: accepts `least` to `most` bytes, also as 64k or 10m, and turns them
/// into their number.
CLI::Validator size_between(std::uint64_t least, std::uint64_t most);

/// For the value of an option: accepts 1 to `most` tasks at once, also as 50%, +1 or -1 (of the
/// cores), and turns them into their number.
CLI::Validator slots_up_to(std::uint32_t most);

/// For the value of an option: accepts `least` to `most` seconds, also as 250ms, 90s, 5m or 2h, and
/// turns them into their number. Its type is kTime.
CLI::Validator duration_between(double least, double most);
inline constexpr const char* kTime = "TIME";

/// The same number for people: "64m".
std::string size_text(std::uint64_t bytes);

/// Such as "0.1.0".
std::string_view program_version();

/// For a --help.
inline constexpr std::string_view kExitStatuses =
    "Exit status: 0 all succeeded; 1-100 so many failed; 101 more; 255 trouble.";

}  // namespace divvy
