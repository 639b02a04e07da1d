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

TEST(TimeAverage, KnowsWhatItWasUntilTheLatestMarkHoweverLongAgoThatIs) {
  TimeAverage slots;
  slots.tell(1, kBegin);
  slots.mark(kBegin + 1s);
  EXPECT_EQ(slots.until_mark(), 1);
  slots.mark(kBegin + 2s);
  EXPECT_EQ(slots.until_mark(), 1);
  slots.tell(3, kBegin + 4s);
  EXPECT_EQ(slots.until_mark(), 3) << "it may have been 3 for all of that time";
  slots.tell(9, kBegin + 5s);
  slots.tell(0, kBegin + 9s);
  EXPECT_EQ(slots.until_mark(), 3);
  slots.mark(kBegin + 9s);
  EXPECT_EQ(slots.until_mark(), (4 * 3 + 9 + 4 * 9) / 9.0);
}

TEST(TimeAverage, IsTheNumberUntilAMarkBeforeItBegan) {
  TimeAverage slots;
  EXPECT_EQ(slots.until_mark(), 0);
  slots.mark(kBegin - 1s);
  slots.tell(2, kBegin);
  EXPECT_EQ(slots.until_mark(), 2);
  slots.mark(kBegin);
  EXPECT_EQ(slots.until_mark(), 2);
}

TEST(TimeAverage, IsTheNumberIfNoTimeHasGoneBy) {
  TimeAverage slots;
  slots.tell(2, kBegin);
  slots.tell(3, kBegin);
  EXPECT_EQ(slots.until(kBegin), 3);
}

}  // namespace
}  // namespace divvy::sink
