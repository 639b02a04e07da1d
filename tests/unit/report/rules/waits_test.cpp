#include "report/rules/waits.hpp"

#include <gtest/gtest.h>

#include "report/rules/some_attempts.hpp"

namespace divvy::report {
namespace {

class WaitsTest : public testing::Test {
 protected:
  // Slot 1 works from 0 to 100, slot 2 from 0 to 10 and from 40 to 50, slot 3 until 55.
  Attempts attempts_{attempt(1, 1, 0, 100), attempt(2, 2, 0, 10), attempt(3, 2, 40, 50),
                     attempt(4, 3, 0, 55)};
};

TEST_F(WaitsTest, FindsTheLongestIdleTimesOfSlots) {
  const auto idle = longest_idle(attempts_, timeline_of(attempts_, 100).rows, 2);
  ASSERT_EQ(idle.size(), 2U);
  EXPECT_EQ(idle[0].row, 1U);
  EXPECT_EQ(idle[0].since, at(50));
  EXPECT_EQ(idle[0].until, at(100));
  EXPECT_EQ(idle[1].row, 2U);
  EXPECT_EQ(idle[1].since, at(55));
}

TEST_F(WaitsTest, FindsWhenNothingEnded) {
  const auto stalls = longest_stalls(attempts_, 2);
  ASSERT_EQ(stalls.size(), 2U);
  EXPECT_EQ(stalls[0].since, at(55));
  EXPECT_EQ(attempts_[stalls[0].attempt].task, 1U);
  EXPECT_EQ(stalls[1].since, at(10));
  EXPECT_EQ(attempts_[stalls[1].attempt].task, 3U);
}

TEST_F(WaitsTest, TheTailBeginsWhenFewerThanHalfAsManyRunAsAtMost) {
  const auto tail = tail_of(attempts_, 3, 10);
  ASSERT_TRUE(tail);
  EXPECT_EQ(tail->since, at(55));
  ASSERT_EQ(tail->attempts.size(), 1U);
  EXPECT_EQ(attempts_[tail->attempts[0]].task, 1U);
}

TEST_F(WaitsTest, WithoutCompanyThereIsNoTail) {
  EXPECT_FALSE(tail_of({attempt(1, 1, 0, 100)}, 1, 10));
}

}  // namespace
}  // namespace divvy::report
