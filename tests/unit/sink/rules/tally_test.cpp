#include "sink/rules/tally.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace divvy::sink {
namespace {

using Ranges = std::vector<Range>;

Result success(Range ids) { return {.ids = ids}; }

Result failure(TaskId id, std::uint32_t attempt = 1, std::uint32_t attempts = 1) {
  return {.ids = {id, 1},
          .attempt = attempt,
          .attempts = attempts,
          .outcome = Outcome::exited,
          .status = 1};
}

TEST(Tally, RecordsTheFirstResultAndCountsFurtherOnesAsDuplicates) {
  Tally tally;
  EXPECT_EQ(tally.rule(success({1, 1})).recorded, (Ranges{{1, 1}}));
  const auto second = tally.rule(failure(1));
  EXPECT_TRUE(second.recorded.empty());
  EXPECT_EQ(second.verdict, Verdict::succeeded) << "the first one stands";
  EXPECT_EQ(tally.recorded(), 1U);
  EXPECT_EQ(tally.failed(), 0U);
  EXPECT_EQ(tally.duplicates(), 1U);
}

TEST(Tally, RecordsOfAResultForSeveralTasksOnlyWhatIsNew) {
  Tally tally;
  tally.rule(success({2, 1}));
  EXPECT_EQ(tally.rule(success({1, 3})).recorded, (Ranges{{1, 1}, {3, 1}}));
  EXPECT_EQ(tally.recorded(), 3U);
  EXPECT_EQ(tally.duplicates(), 1U);
}

TEST(Tally, RecordsAFailureOnlyInTheLastAttempt) {
  Tally tally;
  EXPECT_EQ(tally.rule(failure(1, 1, 2)).verdict, Verdict::retry);
  EXPECT_EQ(tally.recorded(), 0U);
  EXPECT_EQ(tally.retried(), 1U);
  EXPECT_EQ(tally.rule(failure(1, 2, 2)).verdict, Verdict::failed);
  EXPECT_EQ(tally.recorded(), 1U);
  EXPECT_EQ(tally.failed(), 1U);
  EXPECT_EQ(tally.rule(success({1, 1})).verdict, Verdict::failed) << "recorded is recorded";
}

TEST(Tally, CountsAFailedAttemptThatComesTwiceOnce) {
  Tally tally;
  tally.rule(failure(1, 1, 3));
  EXPECT_EQ(tally.rule(failure(1, 1, 3)).verdict, Verdict::retry);
  EXPECT_EQ(tally.retried(), 1U);
  EXPECT_EQ(tally.duplicates(), 1U);
}

TEST(Tally, StatesAllThatIsRecorded) {
  Tally tally;
  tally.rule(success({1, 4}));
  tally.rule(failure(5));
  tally.rule(success({6, 1}));
  const auto receipts = tally.restate();
  ASSERT_EQ(receipts.size(), 3U);
  EXPECT_EQ(receipts[0].verdict, Verdict::failed);
  EXPECT_EQ(receipts[0].ids, (Range{5, 1}));
  EXPECT_EQ(receipts[1].ids, (Range{1, 4}));
  EXPECT_EQ(receipts[2].ids, (Range{6, 1}));
  for (const Receipt& receipt : receipts) EXPECT_EQ(receipt.worker, WorkerId::none);
}

TEST(Tally, ForgetsFailedTasksIfAsked) {
  Tally tally;
  tally.restore(1, true);
  tally.restore(2, false);
  EXPECT_EQ(tally.recorded(), 2U);
  EXPECT_EQ(tally.failed(), 1U);
  tally.forget_failed();
  EXPECT_EQ(tally.recorded(), 1U);
  EXPECT_EQ(tally.failed(), 0U);
  EXPECT_EQ(tally.rule(success({1, 2})).recorded, (Ranges{{2, 1}}));
}

}  // namespace
}  // namespace divvy::sink
