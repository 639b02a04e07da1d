#include "ventilator/rules/attempt_history.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace divvy::ventilator {
namespace {

using namespace std::chrono_literals;

TEST(AttemptHistory, TellsTasksWithAHistoryFromThoseWithout) {
  AttemptHistory history;
  EXPECT_EQ(history.alike({1, 10}), (Range{1, 10}));
  EXPECT_TRUE(history.strike(4));
  EXPECT_EQ(history.of(4).attempt(), 2U);
  EXPECT_EQ(history.alike({1, 10}), (Range{1, 3}));
  EXPECT_EQ(history.alike({4, 7}), (Range{4, 1}));
  history.forget({4, 1});
  EXPECT_EQ(history.alike({1, 10}), (Range{1, 10}));
}

TEST(AttemptHistory, GivesUpAtTheThirdStrike) {
  AttemptHistory history;
  EXPECT_TRUE(history.strike(1));
  EXPECT_TRUE(history.strike(1));
  EXPECT_FALSE(history.strike(1));
}

TEST(AttemptHistory, LetsAFailedTaskWait) {
  AttemptHistory history;
  const Time now{};
  history.fail(1, WorkerId{1}, now + 2s);
  history.fail(2, WorkerId{1}, now + 1s);
  EXPECT_EQ(history.deadline(), now + 1s);
  EXPECT_EQ(history.take_due(now + 1s), (std::vector<TaskId>{2}));
  EXPECT_EQ(history.take_due(now + 9s), (std::vector<TaskId>{1}));
  EXPECT_FALSE(history.deadline());
}

TEST(AttemptHistory, CountsLostWorkersAndFailedAttemptsAsAttempts) {
  AttemptHistory history;
  EXPECT_EQ(history.of(1).attempt(), 1U);
  history.strike(1);
  history.fail(1, WorkerId{1}, Time{});
  history.fail(1, WorkerId{1}, Time{});
  EXPECT_EQ(history.of(1).strikes, 1U);
  EXPECT_EQ(history.of(1).failures, 2U);
  EXPECT_EQ(history.of(1).attempt(), 4U);
  EXPECT_EQ(history.of(2).attempt(), 1U) << "it is another task's";
}

TEST(AttemptHistory, CountsFailuresForNoStrikes) {
  AttemptHistory history;
  for (int i = 0; i < 10; ++i) history.fail(1, WorkerId{1}, Time{});
  EXPECT_TRUE(history.strike(1));
}

TEST(AttemptHistory, ForgetsTheTasksThatAreRecorded) {
  AttemptHistory history;
  for (TaskId id = 1; id <= 5; ++id) history.strike(id);
  history.forget({2, 3});
  EXPECT_EQ(history.of(1).attempt(), 2U);
  EXPECT_EQ(history.of(2).attempt(), 1U);
  EXPECT_EQ(history.of(4).attempt(), 1U);
  EXPECT_EQ(history.of(5).attempt(), 2U);
  EXPECT_EQ(history.alike({2, 10}), (Range{2, 3}));
}

TEST(AttemptHistory, LetsATaskBeDueOnce) {
  AttemptHistory history;
  const Time now = Time{} + 1h;
  EXPECT_TRUE(history.take_due(now).empty());
  history.fail(3, WorkerId{1}, now);
  history.fail(1, WorkerId{1}, now - 1s);
  history.fail(2, WorkerId{1}, now + 1ns);
  EXPECT_EQ(history.take_due(now), (std::vector<TaskId>{1, 3})) << "who has waited longest first";
  EXPECT_TRUE(history.take_due(now).empty());
  EXPECT_EQ(history.deadline(), now + 1ns);
}

}  // namespace
}  // namespace divvy::ventilator
