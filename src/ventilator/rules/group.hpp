// Values that one command is given together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace divvy::ventilator {

/// Gathers values, as many as are wanted or as the system lets a command have.
class Group {
 public:
  struct Limits {
    std::uint64_t values = 1;      // in a group
    std::size_t text_bytes = 0;    // of all, in quotes: one argument or variable may have so much
    std::size_t system_bytes = 0;  // of arguments and variables together
  };

  explicit Group(const Limits& limits) : limits_(limits) {}

  /// A value that fits nowhere still has room where nothing is yet: it goes alone.
  [[nodiscard]] bool has_room_for(std::string_view value) const;
  void add(std::string_view value);
  [[nodiscard]] bool empty() const { return values_ == 0; }
  [[nodiscard]] bool full() const { return values_ == limits_.values; }
  /// The values as words; it is empty then.
  std::string take();

 private:
  Limits limits_;
  std::string text_;
  std::uint64_t values_ = 0;
  std::size_t quoted_bytes_ = 0;  // with a blank each
  std::size_t argument_bytes_ = 0;
};

}  // namespace divvy::ventilator
