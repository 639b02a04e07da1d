#include "sink/rules/time_average.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace divvy::sink {
namespace {

using namespace std::chrono_literals;

constexpr Time kBegin{1h};

TEST(TimeAverage, WeighsEachValueByHowLongItHolds) {
  TimeAverage slots;
  EXPECT_EQ(slots.until(kBegin), 0);
  slots.set(2, kBegin);
  slots.set(8, kBegin + 3s);
  EXPECT_EQ(slots.until(kBegin + 3s), 2);
  EXPECT_EQ(slots.until(kBegin + 4s), 3.5);
  slots.set(8, kBegin + 4s);
  EXPECT_EQ(slots.until(kBegin + 6s), 5);
}

TEST(TimeAverage, MayEndBeforeItsLatestChange) {
  TimeAverage slots;
  slots.set(2, kBegin);
  slots.set(0, kBegin + 10s);
  EXPECT_EQ(slots.until(kBegin + 9s), 2);
}

TEST(TimeAverage, IsTheValueIfNoTimeHasGoneBy) {
  TimeAverage slots;
  slots.set(2, kBegin);
  slots.set(3, kBegin);
  EXPECT_EQ(slots.until(kBegin), 3);
}

}  // namespace
}  // namespace divvy::sink
