// When a batch is going so wrong that it is given up.
#pragma once

#include <cstdint>
#include <string_view>

namespace divvy::ventilator {

struct Halt {
  bool kill = false;  // what runs; otherwise only hand out no more
  std::uint64_t failures = 0;
  bool percent = false;

  /// "soon,fail=N" or "now,fail=N%". Throws std::invalid_argument.
  static Halt parse(std::string_view text);

  /// `failed` of the `tasks` that were read so far have failed.
  [[nodiscard]] bool reached(std::uint64_t failed, std::uint64_t tasks) const {
    if (failed == 0) return false;
    return percent ? failed * 100 >= failures * tasks : failed >= failures;
  }
};

}  // namespace divvy::ventilator
