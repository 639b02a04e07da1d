// Lines for the user on standard error.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "common/time.hpp"

namespace divvy {

/// What of it is told, besides warnings.
struct Verbosity {
  bool quiet = false;    // no info
  bool silent = false;   // not even which tasks have failed
  bool verbose = false;  // debug
};

/// Each line has the program's name in front. On a terminal each erases to the end of the line that
/// it begins on: the sink's progress line may be drawn there. Control characters, which may come
/// from others, become question marks; tabs remain.
class Log {
 public:
  Log(const std::string& program, Verbosity verbosity);

  /// Something is wrong.
  void warn(std::string_view line) const;
  /// What matters also to those who want to be told little: told unless -qq.
  void notice(std::string_view line) const;
  /// Told unless --quiet.
  void info(std::string_view line) const;
  /// Told with --verbose only.
  void debug(std::string_view line) const;
  /// A peer sent what it should not; `what` is one of a few kinds. All are counted, the first of
  /// its kind is told of.
  void dropped(std::string_view what);
  /// Something is wrong that may be wrong often: told once a minute for each `about`.
  void warn_rate_limited(const std::string& about, std::string_view line);
  /// The same of `who`, one of many, such as workers: no more than ten of a `kind` are told of in a
  /// minute, and that there are more. `kind`: in the plural.
  void warn_of_each(const std::string& kind, std::string_view who, std::string_view line);

 private:
  struct Told {
    Time since;
    int lines = 0;
  };

  [[nodiscard]] bool may_warn(const std::string& about);

  std::string prefix_;
  Verbosity verbosity_;
  std::map<std::string, std::uint64_t> dropped_;
  std::map<std::string, Time> warned_;  // by what it was about
  std::map<std::string, Told> told_;    // of each kind, in the minute
};

}  // namespace divvy
