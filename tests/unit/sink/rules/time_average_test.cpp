#include "sink/rules/time_average.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace divvy::sink {
namespace {

using namespace std::chrono_literals;

constexpr Time kBegin{1h};

TEST(TimeAverage, WeighsEachNumberByHowLongItHolds) {
  TimeAverage slots;
  EXPECT_EQ(slots.until(kBegin), 0);
  slots.tell(2, kBegin);
  slots.tell(2, kBegin + 2s);
  slots.tell(5, kBegin + 3s);
  EXPECT_EQ(slots.until(kBegin + 3s), 3) << "it may have been 5 for all of the last second";
  EXPECT_EQ(slots.until(kBegin + 4s), 3.5);
  slots.tell(1, kBegin + 4s);
  EXPECT_EQ(slots.until(kBegin + 7s), 17.0 / 7);
}

TEST(TimeAverage, MayEndBeforeTheLatestTime) {
  TimeAverage slots;
  slots.tell(2, kBegin);
  slots.tell(0, kBegin + 10s);
  EXPECT_EQ(slots.until(kBegin + 9s), 2);
}

TEST(TimeAverage, IsTheNumberIfNoTimeHasGoneBy) {
  TimeAverage slots;
  slots.tell(2, kBegin);
  slots.tell(3, kBegin);
  EXPECT_EQ(slots.until(kBegin), 3);
}

}  // namespace
}  // namespace divvy::sink
