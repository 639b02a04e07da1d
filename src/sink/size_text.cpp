#include "sink/size_text.hpp"

#include <fmt/format.h>

#include <array>
#include <cstddef>

namespace divvy::sink {

std::string size_text(std::uint64_t bytes) {
  constexpr std::array units{"KiB", "MiB", "GiB", "TiB"};
  constexpr double step = 1024;
  double size = static_cast<double>(bytes) / step;
  std::size_t unit = 0;
  for (; size >= 999.5 && unit + 1 < units.size(); ++unit) size /= step;
  return fmt::format("{:.{}f} {}", size, size < 9.95 ? 1 : 0, units.at(unit));
}

}  // namespace divvy::sink
