#include "ventilator/rules/task_lengths.hpp"

#include <gtest/gtest.h>

namespace divvy::ventilator {
namespace {

TEST(TaskLengths, KeepMeanAndNumberOfThoseThatAreAlike) {
  TaskLengths lengths;
  lengths.add(1.02, 1);
  lengths.add(1.03, 3);
  lengths.add(7, 2);
  const auto classes = lengths.classes();
  ASSERT_EQ(classes.size(), 2U);
  EXPECT_DOUBLE_EQ(classes[0].length, (1.02 + 3 * 1.03) / 4);
  EXPECT_DOUBLE_EQ(classes[1].length, 7);
  EXPECT_EQ(classes[1].count, 2);
  EXPECT_EQ(lengths.count(), 6);
}

TEST(TaskLengths, BearAnyLength) {
  TaskLengths lengths;
  lengths.add(0, 1);
  lengths.add(1e30, 1);
  EXPECT_EQ(lengths.classes().size(), 2U);
  EXPECT_GT(lengths.dispersion(), 0);
}

TEST(TaskLengths, DifferByRatioNotByUnit) {
  TaskLengths equal;
  TaskLengths seconds;
  TaskLengths minutes;
  equal.add(5, 4);
  for (const double length : {1.0, 2.0, 4.0}) {
    seconds.add(length, 1);
    minutes.add(length / 60, 1);
  }
  EXPECT_NEAR(equal.dispersion(), 0, 1e-9);
  EXPECT_NEAR(seconds.dispersion(), minutes.dispersion(), 1e-9);
  EXPECT_GT(seconds.dispersion(), 0.1);
}

TaskLengths brief_and_long() {
  TaskLengths lengths;
  lengths.add(1, 50);
  lengths.add(10, 50);
  return lengths;
}

TEST(LengthCurve, IsThatOfTheTasksThatHaveEnded) {
  const LengthCurve curve(brief_and_long(), {});
  EXPECT_DOUBLE_EQ(curve.length(0.1), 1);
  EXPECT_DOUBLE_EQ(curve.length(0.9), 10);
  EXPECT_NEAR(curve.mean(), 5.5, 0.1);
}

TEST(LengthCurve, CountsWhatStillRunsAsLongerThanItsAge) {
  TaskLengths ended;
  ended.add(1, 50);
  ended.add(10, 10);
  const LengthCurve curve(ended, std::vector<double>(40, 5.0));
  EXPECT_NEAR(curve.mean(), 5.5, 0.2)
      << "half of the tasks are long, though few of these have ended";
}

TEST(LengthCurve, KnowsThatATaskThatIsNotBriefIsLong) {
  const LengthCurve curve(brief_and_long(), {});
  EXPECT_DOUBLE_EQ(curve.rest(0, 0.1), 1);
  EXPECT_DOUBLE_EQ(curve.rest(0.5, 0.1), 0.5);
  EXPECT_DOUBLE_EQ(curve.rest(2, 0.1), 8);
}

TEST(LengthCurve, ExpectsOfWhatIsOverduePartOfThatAgain) {
  const LengthCurve curve(brief_and_long(), {});
  const double soon = curve.rest(11, 0.5);
  const double late = curve.rest(110, 0.5);
  EXPECT_GT(soon, 0);
  EXPECT_LT(soon, 2);
  EXPECT_GT(late, 20);
  EXPECT_LT(late, 110);
}

TEST(LengthCurve, OfNothingIsAllZeros) {
  const LengthCurve curve(TaskLengths{}, {});
  EXPECT_EQ(curve.length(0.5), 0);
  EXPECT_EQ(curve.mean(), 0);
}

}  // namespace
}  // namespace divvy::ventilator
