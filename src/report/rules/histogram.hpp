// How values are distributed.
#pragma once

#include <cstdint>
#include <vector>

namespace divvy::report {

/// `counts[i]` values are at least `edges[i]` and less than `edges[i + 1]`.
struct Histogram {
  std::vector<double> edges;
  std::vector<std::uint64_t> counts;
};

/// With at most about 40 bins between round numbers: equally wide ones, or, where the largest value
/// is many times the least, each so many times as wide as the one before. Values are positive.
Histogram histogram_of(const std::vector<double>& values);

}  // namespace divvy::report
