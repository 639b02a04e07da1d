#include "ventilator/rules/tasks.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <vector>

namespace divvy::ventilator {
namespace {

using namespace std::chrono_literals;
using Ranges = std::vector<Range>;

TEST(Tasks, ArePendingUntilTheyAreTaken) {
  Tasks tasks(0, 0ms);
  tasks.grow(5, false);
  EXPECT_EQ(tasks.known(), 5U);
  EXPECT_EQ(tasks.pending(), 5U);
  EXPECT_EQ(tasks.take(3), (Assignment{.ids = {1, 3}}));
  EXPECT_EQ(tasks.pending(), 2U);
  tasks.put_back({2, 1});
  EXPECT_EQ(tasks.take(3), (Assignment{.ids = {2, 1}}));
  EXPECT_EQ(tasks.take(3), (Assignment{.ids = {4, 2}}));
  EXPECT_EQ(tasks.pending(), 0U);
}

TEST(Tasks, AreAllowedOneMoreAttemptForEachRetryAndEachLostWorker) {
  Tasks tasks(2, 0ms);
  tasks.grow(3, false);
  EXPECT_EQ(tasks.take(3), (Assignment{.ids = {1, 3}, .attempts = 3}));
  tasks.fail(1, WorkerId{1}, Time{});
  tasks.wake(Time{});
  EXPECT_EQ(tasks.take_again(1), (Assignment{.ids = {1, 1}, .attempt = 2, .attempts = 3}));
  tasks.strike(1);
  EXPECT_EQ(tasks.take_again(1), (Assignment{.ids = {1, 1}, .attempt = 3, .attempts = 4}));
}

TEST(Tasks, GoOneByOneIfTheyHaveAHistory) {
  Tasks tasks(1, 0ms);
  tasks.grow(4, false);
  EXPECT_EQ(tasks.take(4).ids, (Range{1, 4}));
  tasks.fail(3, WorkerId{1}, Time{});
  tasks.wake(Time{});
  tasks.put_back({1, 2});
  tasks.put_back({4, 1});
  EXPECT_EQ(tasks.take(4), (Assignment{.ids = {1, 2}, .attempts = 2}));
  EXPECT_EQ(tasks.take(4), (Assignment{.ids = {4, 1}, .attempts = 2}));
  EXPECT_EQ(tasks.second_attempts().next_failed(WorkerId{2}, true), 3U);
  EXPECT_EQ(tasks.take_again(3), (Assignment{.ids = {3, 1}, .attempt = 2, .attempts = 2}));
  EXPECT_EQ(tasks.pending(), 0U);
}

TEST(Tasks, WaitBeforeTheirNextAttempt) {
  Tasks tasks(1, 500ms);
  const Time now{1h};
  tasks.grow(1, true);
  (void)tasks.take(1);
  EXPECT_EQ(tasks.deadline(), std::nullopt);
  tasks.fail(1, WorkerId{1}, now);
  EXPECT_EQ(tasks.deadline(), now + 500ms);
  tasks.wake(now + 499ms);
  EXPECT_EQ(tasks.pending(), 0U);
  tasks.wake(now + 500ms);
  EXPECT_EQ(tasks.pending(), 1U);
}

TEST(Tasks, AreLostWithTheirThirdWorkerOnce) {
  Tasks tasks(0, 0ms);
  tasks.grow(2, true);
  for (int i = 0; i < 3; ++i) {
    EXPECT_TRUE(tasks.take_lost().empty());
    const bool first = i == 0;
    EXPECT_EQ(tasks.second_attempts().next_struck().has_value(), !first);
    EXPECT_EQ((first ? tasks.take(1) : tasks.take_again(1)).ids, (Range{1, 1}));
    tasks.strike(1);
  }
  EXPECT_EQ(tasks.take_lost(), (std::vector<TaskId>{1}));
  EXPECT_TRUE(tasks.take_lost().empty());
  EXPECT_EQ(tasks.pending(), 1U) << "task 2";
}

TEST(Tasks, AreRecordedOnce) {
  Tasks tasks(0, 0ms);
  tasks.grow(5, true);
  (void)tasks.take(2);
  EXPECT_EQ(tasks.record({2, 1}, true), (Ranges{{2, 1}}));
  EXPECT_EQ(tasks.record({1, 3}, false), (Ranges{{1, 1}, {3, 1}}));
  EXPECT_TRUE(tasks.record({1, 3}, true).empty());
  EXPECT_EQ(tasks.done().size(), 3U);
  EXPECT_EQ(tasks.failed(), 1U);
  EXPECT_EQ(tasks.pending(), 2U);
  tasks.put_back({1, 3});
  tasks.strike(1);
  EXPECT_EQ(tasks.pending(), 2U) << "what is recorded does not run again";
}

TEST(Tasks, KnowWhichAttemptIsUnderWay) {
  Tasks tasks(2, 0ms);
  tasks.grow(1, true);
  (void)tasks.take(1);
  EXPECT_TRUE(tasks.is_current(1, 1));
  EXPECT_FALSE(tasks.is_current(1, 2));
  tasks.fail(1, WorkerId{1}, Time{});
  EXPECT_FALSE(tasks.is_current(1, 1));
  EXPECT_TRUE(tasks.is_current(1, 2));
  tasks.record({1, 1}, false);
  EXPECT_FALSE(tasks.is_current(1, 1));
}

TEST(Tasks, AreBeyondTheInputOnceItHasEnded) {
  Tasks tasks(0, 0ms);
  tasks.grow(5, false);
  EXPECT_EQ(tasks.beyond_input({4, 10}).count, 0U);
  tasks.grow(5, true);
  EXPECT_EQ(tasks.beyond_input({4, 10}), (Range{6, 8}));
  EXPECT_EQ(tasks.beyond_input({6, 2}), (Range{6, 2}));
  EXPECT_EQ(tasks.beyond_input({1, 5}).count, 0U);
}

TEST(Tasks, MayBeClaimedBeforeTheyAreRead) {
  Tasks tasks(0, 0ms);
  EXPECT_EQ(tasks.claim({2, 2}), (Ranges{{2, 2}}));
  EXPECT_TRUE(tasks.claim({3, 1}).empty());
  tasks.grow(4, true);
  EXPECT_EQ(tasks.pending(), 2U);
}

TEST(Tasks, OfWhichTheTextIsNotReadAreNotLost) {
  Tasks tasks(0, 0ms);
  for (int i = 0; i < 5; ++i) {
    tasks.claim({1, 1});
    tasks.strike(1);
  }
  EXPECT_TRUE(tasks.take_lost().empty());
  tasks.grow(1, true);
  EXPECT_EQ(tasks.pending(), 1U);
}

}  // namespace
}  // namespace divvy::ventilator
