// Text that memory has no room for.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "common/descriptor.hpp"

namespace divvy::sink {

/// A file without a name in the directory for temporary files, made when it is needed first. Every
/// member throws std::runtime_error with a line for the user if it cannot be read or written.
class Spill {
 public:
  struct Place {
    std::uint64_t at = 0;
    std::size_t size = 0;
  };

  Place put(std::string_view text);
  [[nodiscard]] std::string get(Place place) const;
  /// Empties the file: everything in it has been read.
  void clear();

 private:
  Descriptor file_;
  std::uint64_t end_ = 0;
};

}  // namespace divvy::sink
