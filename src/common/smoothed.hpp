// A mean that follows what happens.
#pragma once

#include <optional>

namespace divvy {

/// Exponential smoothing: `latest` counts `weight`, from 0 to 1, beside the mean `before`, if there
/// is one.
inline double smoothed(std::optional<double> before, double latest, double weight) {
  return before ? *before + weight * (latest - *before) : latest;
}

}  // namespace divvy
