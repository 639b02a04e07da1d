#include "ventilator/rules/remaining_time.hpp"

#include <gtest/gtest.h>

namespace divvy::ventilator {
namespace {

/// All tasks have taken just about so long.
LengthCurve always(double length) {
  TaskLengths ended;
  ended.add(length, 1000);
  return {ended, {}};
}

TEST(RemainingTime, OfNothingIsNone) { EXPECT_EQ(remaining_time({}, always(1)), 0); }

TEST(RemainingTime, OfTasksOfOneLengthIsThatOfTheLongestSlot) {
  EXPECT_NEAR(remaining_time({.more = 9, .slots = 4}, always(2)), 6, 0.01);
}

TEST(RemainingTime, BeginsWithWhatRuns) {
  const RemainingWork work{.running = {{.age = 1}, {.age = 8}}, .more = 1, .slots = 2};
  EXPECT_NEAR(remaining_time(work, always(10)), 12, 0.1) << "two seconds on, the last task begins";
}

TEST(RemainingTime, KnowsThatTheLastTasksLeaveSlotsIdle) {
  TaskLengths ended;
  ended.add(1, 90);
  ended.add(30, 10);
  const double balanced = 100 * 3.9 / 10;
  EXPECT_GT(remaining_time({.more = 100, .slots = 10}, {ended, {}}), balanced + 5);
}

TEST(RemainingTime, IsShorterIfTheLongestTasksGoFirst) {
  RemainingWork work{.slots = 2};
  for (int i = 0; i < 20; ++i) work.sizes.push_back(1);
  work.sizes.push_back(20);
  const double last = remaining_time(work, always(1));
  std::swap(work.sizes.front(), work.sizes.back());
  EXPECT_NEAR(last, 30, 0.5);
  EXPECT_NEAR(remaining_time(work, always(1)), 20, 0.5);
}

TEST(RemainingTime, AddsUpWhatIsTooMuchToDeal) {
  const double left = remaining_time({.more = 1e6, .slots = 8}, always(0.01));
  EXPECT_NEAR(left, 1250, 10);
  EXPECT_NEAR(remaining_time({.more = 1e6, .slots = 10'000}, always(1)), 100, 3);
}

TEST(RemainingTime, IsLongerIfSlotsAreNotAlwaysInUse) {
  EXPECT_NEAR(remaining_time({.more = 10, .slots = 1, .pace = 0.5}, always(1)), 20, 0.1);
}

}  // namespace
}  // namespace divvy::ventilator
