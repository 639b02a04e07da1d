#include "report/rules/timeline.hpp"

#include <gtest/gtest.h>

#include "report/rules/some_attempts.hpp"

namespace divvy::report {
namespace {

TEST(TimelineTest, HasARowForEachSlotAndABarForEachAttempt) {
  Attempts attempts{attempt(3, 2, 0, 50), attempt(2, 1, 60, 90), attempt(1, 1, 10, 40)};
  sort_for_timeline(attempts);
  const Timeline timeline = timeline_of(attempts, 100);
  ASSERT_EQ(timeline.rows.size(), 2U);
  EXPECT_EQ(timeline.rows[0].slot, 1U);
  EXPECT_EQ(timeline.rows[0].attempts, 2U);
  EXPECT_EQ(timeline.rows[0].busy, milliseconds(60));
  ASSERT_EQ(timeline.bars.size(), 3U);
  EXPECT_EQ(attempts[timeline.bars[0].first].task, 1U);
  EXPECT_EQ(timeline.bars[1].started, at(60));
  EXPECT_EQ(timeline.bars[2].row, 1U);
}

TEST(TimelineTest, PutsBriefNeighboursTogetherWhereThereAreTooMany) {
  Attempts attempts;
  for (int i = 0; i < 1000; ++i) {
    const Kind kind = i == 500 ? Kind::failed : Kind::succeeded;
    attempts.push_back(attempt(static_cast<TaskId>(i + 1), 1, i * 10, i * 10 + 8, kind));
  }
  const Timeline timeline = timeline_of(attempts, 100);
  EXPECT_LE(timeline.bars.size(), 101U);
  EXPECT_GE(timeline.bars.size(), 90U);
  std::size_t together = 0;
  std::size_t failed = 0;
  Nanoseconds busy{};
  for (const Bar& bar : timeline.bars) {
    together += bar.attempts;
    failed += bar.failed;
    busy += bar.busy;
  }
  EXPECT_EQ(together, 1000U);
  EXPECT_EQ(failed, 1U);
  EXPECT_EQ(busy, milliseconds(8000));
}

TEST(TimelineTest, LeavesALongAttemptAloneAmongBriefOnes) {
  Attempts attempts;
  for (int i = 0; i < 500; ++i) {
    attempts.push_back(attempt(static_cast<TaskId>(i + 1), 1, i, i + 1));
  }
  attempts.push_back(attempt(501, 1, 500, 1000));
  const Timeline timeline = timeline_of(attempts, 10);
  EXPECT_EQ(timeline.bars.back().attempts, 1U);
  EXPECT_EQ(timeline.bars.back().busy, milliseconds(500));
}

TEST(TimelineTest, OfNoAttemptIsEmpty) {
  const Timeline timeline = timeline_of({}, 10);
  EXPECT_TRUE(timeline.rows.empty());
  EXPECT_TRUE(timeline.bars.empty());
}

}  // namespace
}  // namespace divvy::report
