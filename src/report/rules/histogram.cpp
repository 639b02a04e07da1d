#include "report/rules/histogram.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>

namespace divvy::report {
namespace {

constexpr double kBins = 24;
constexpr double kManyTimes = 50;
constexpr double kLeastStep = 0.01;  // of the values: three digits tell the edges apart

// 1, 2 or 5 times a power of ten, not less than `value`.
double round_up(double value) {
  const double power = std::pow(10, std::floor(std::log10(value)));
  for (const double factor : std::array{1.0, 2.0, 5.0}) {
    if (factor * power >= value) return factor * power;
  }
  return 10 * power;
}

std::vector<double> equal_edges(double least, double most) {
  const double step = round_up(std::max((most - least) / kBins, most * kLeastStep));
  std::vector<double> edges;
  for (double n = std::floor(least / step); edges.empty() || edges.back() <= most; ++n) {
    edges.push_back(n * step);
  }
  return edges;
}

std::vector<double> growing_edges(double least, double most) {
  const double decades = std::log10(most / least);
  const double a_decade = std::clamp(std::floor(kBins / decades), 1.0, 10.0);
  std::vector<double> edges;
  for (double n = std::floor(std::log10(least) * a_decade); edges.empty() || edges.back() <= most;
       ++n) {
    edges.push_back(std::pow(10, n / a_decade));
  }
  return edges;
}

}  // namespace

Histogram histogram_of(const std::vector<double>& values) {
  if (values.empty()) return {};
  const auto [least, most] = std::minmax_element(values.begin(), values.end());
  Histogram histogram;
  histogram.edges =
      *most < kManyTimes * *least ? equal_edges(*least, *most) : growing_edges(*least, *most);
  histogram.counts.resize(histogram.edges.size() - 1);
  for (const double value : values) {
    const auto above = std::upper_bound(histogram.edges.begin(), histogram.edges.end(), value);
    const auto index = std::max<std::ptrdiff_t>(above - histogram.edges.begin() - 1, 0);
    ++histogram.counts[std::min(static_cast<std::size_t>(index), histogram.counts.size() - 1)];
  }
  return histogram;
}

}  // namespace divvy::report
