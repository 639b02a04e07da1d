#include "report/rules/course.hpp"

#include <gtest/gtest.h>

#include <numeric>

#include "report/rules/some_attempts.hpp"

namespace divvy::report {
namespace {

TEST(CourseTest, TellsHowManyRanOnAnAverageAndHowManyEnded) {
  const Course course = course_of(
      {attempt(1, 1, 0, 100), attempt(2, 2, 50, 100), attempt(3, 1, 100, 400, Kind::failed)}, 4);
  EXPECT_NEAR(course.running[0], 1.5, 1e-3);
  EXPECT_NEAR(course.running[1], 1, 1e-3);
  EXPECT_NEAR(course.running[3], 1, 1e-3);
  EXPECT_EQ(std::accumulate(course.ended.begin(), course.ended.end(), 0), 3);
  EXPECT_EQ(course.failed[3], 1U);
}

TEST(CourseTest, OneThatStartsWhenAnotherEndsDoesNotRunBesideIt) {
  EXPECT_EQ(course_of({attempt(1, 1, 0, 10), attempt(2, 1, 10, 20)}, 4).most_at_once, 1U);
  EXPECT_EQ(course_of({attempt(1, 1, 0, 11), attempt(2, 2, 10, 20)}, 4).most_at_once, 2U);
}

TEST(CourseTest, OfAttemptsWithoutLengthIsWellDefined) {
  const Course course = course_of({attempt(1, 1, 5, 5), attempt(2, 1, 5, 5)}, 4);
  EXPECT_EQ(course.ended[0], 2U);
  EXPECT_DOUBLE_EQ(course.running[0], 0);
}

TEST(CourseTest, OfNoAttemptIsEmpty) { EXPECT_EQ(course_of({}, 4).most_at_once, 0U); }

}  // namespace
}  // namespace divvy::report
