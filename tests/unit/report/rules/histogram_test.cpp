#include "report/rules/histogram.hpp"

#include <gtest/gtest.h>

#include <numeric>

namespace divvy::report {
namespace {

std::uint64_t all_of(const Histogram& histogram) {
  return std::accumulate(histogram.counts.begin(), histogram.counts.end(), std::uint64_t{0});
}

TEST(HistogramTest, HasEachValueInItsBin) {
  const Histogram histogram = histogram_of({1, 1.5, 2, 10});
  ASSERT_EQ(histogram.edges.size(), histogram.counts.size() + 1);
  EXPECT_LE(histogram.edges.front(), 1);
  EXPECT_GT(histogram.edges.back(), 10);
  EXPECT_EQ(all_of(histogram), 4U);
  EXPECT_EQ(histogram.counts.back(), 1U);
}

TEST(HistogramTest, HasWiderBinsForLargerValuesWhereTheyDifferMuch) {
  const Histogram histogram = histogram_of({0.001, 0.002, 0.5, 100});
  const auto& edges = histogram.edges;
  EXPECT_GT(edges[2] - edges[1], 1.2 * (edges[1] - edges[0]));
  EXPECT_LE(histogram.counts.size(), 40U);
  EXPECT_EQ(all_of(histogram), 4U);
}

TEST(HistogramTest, OfEqualValuesHasThemInOneBin) {
  const Histogram histogram = histogram_of({7, 7, 7});
  EXPECT_EQ(histogram.counts, std::vector<std::uint64_t>{3});
  EXPECT_GE(histogram.edges.back() - histogram.edges.front(), 0.07);
}

TEST(HistogramTest, OfValuesFarApartHasNotManyBins) {
  EXPECT_LE(histogram_of({1e-6, 1e6}).counts.size(), 40U);
  EXPECT_LE(histogram_of({1000, 1001}).counts.size(), 40U);
}

TEST(HistogramTest, OfNothingIsEmpty) { EXPECT_TRUE(histogram_of({}).counts.empty()); }

}  // namespace
}  // namespace divvy::report
