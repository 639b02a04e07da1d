#include "sink/rules/tally.hpp"

#include <gtest/gtest.h>

#include <cstddef>
#include <cstdint>
#include <optional>
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

TEST(Tally, TellsWhatOfAResultIsOnlyAnAttempt) {
  Tally tally;
  EXPECT_TRUE(tally.rule(success({2, 1})).superseded.empty());
  EXPECT_EQ(tally.rule(success({1, 3})).superseded, (Ranges{{2, 1}}));
  EXPECT_EQ(tally.rule(failure(4, 1, 2)).superseded, (Ranges{{4, 1}}));
}

TEST(Tally, TellsWhichOfSeveralTasksAnEarlierResultHasFailed) {
  Tally tally;
  tally.rule(failure(2));
  const auto ruling = tally.rule(success({1, 3}));
  EXPECT_EQ(ruling.verdict, Verdict::succeeded);
  EXPECT_EQ(ruling.failed, (Ranges{{2, 1}})) << "recorded is recorded";
  EXPECT_EQ(ruling.recorded, (Ranges{{1, 1}, {3, 1}}));
  EXPECT_EQ(tally.failed(), 1U);
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
  const auto receipts = tally.recorded_from(1).receipts;
  ASSERT_EQ(receipts.size(), 3U);
  EXPECT_EQ(receipts[0].verdict, Verdict::failed);
  EXPECT_EQ(receipts[0].ids, (Range{5, 1}));
  EXPECT_EQ(receipts[1].ids, (Range{1, 4}));
  EXPECT_EQ(receipts[2].ids, (Range{6, 1}));
  for (const Receipt& receipt : receipts) EXPECT_EQ(receipt.worker, WorkerId::none);
}

// What is recorded, put together again.
std::vector<Receipt> in_parts(const Tally& tally, std::size_t& parts) {
  std::vector<Receipt> all;
  for (std::optional<TaskId> next = 1; next; ++parts) {
    const RecordedPart part = tally.recorded_from(*next);
    EXPECT_LE(part.receipts.size(), 2 * kReceiptsInPart);
    all.insert(all.end(), part.receipts.begin(), part.receipts.end());
    next = part.next;
  }
  return all;
}

TEST(Tally, StatesInPartsWhatIsTooMuchForOneMessage) {
  constexpr std::uint64_t count = 40'000;
  Tally tally;
  for (TaskId id = 1; id <= count; ++id) tally.rule(success({2 * id, 1}));
  std::size_t parts = 0;
  const auto receipts = in_parts(tally, parts);
  EXPECT_EQ(parts, 3U);
  ASSERT_EQ(receipts.size(), count);
  EXPECT_EQ(receipts.back().ids, (Range{2 * count, 1}));
}

TEST(Tally, StatesInPartsAlsoALongRunWhoseTasksHaveFailedHereAndThere) {
  constexpr std::uint64_t count = 40'000;
  Tally tally;
  for (TaskId id = 1; id <= count; id += 2) {
    tally.rule(success({id, 1}));
    tally.rule(failure(id + 1));
  }
  std::size_t parts = 0;
  EXPECT_EQ(in_parts(tally, parts).size(), count);
  EXPECT_GT(parts, 1U);
}

TEST(Tally, StatesAResultFarAwayWithoutCountingUpToIt) {
  Tally tally;
  tally.rule(success({TaskId{1} << 61, 1}));
  EXPECT_EQ(tally.recorded_from(1).receipts.size(), 1U);
  EXPECT_FALSE(tally.recorded_from(1).next);
}

TEST(Tally, ForgetsFailedTasksIfAsked) {
  Tally tally;
  tally.restore({1, 1}, true);
  tally.restore({2, 1}, false);
  EXPECT_EQ(tally.recorded(), 2U);
  EXPECT_EQ(tally.failed(), 1U);
  tally.forget_failed();
  EXPECT_EQ(tally.recorded(), 1U);
  EXPECT_EQ(tally.failed(), 0U);
  EXPECT_EQ(tally.rule(success({1, 2})).recorded, (Ranges{{2, 1}}));
}

TEST(Tally, TakesSkippedTasksForSucceededAndReturnsThoseThatAreNew) {
  Tally tally;
  tally.rule(failure(2));
  EXPECT_EQ(tally.skip({1, 3}), (Ranges{{1, 1}, {3, 1}}));
  EXPECT_TRUE(tally.skip({1, 3}).empty());
  EXPECT_EQ(tally.recorded(), 3U);
  EXPECT_EQ(tally.failed(), 1U);
  EXPECT_TRUE(tally.rule(success({3, 1})).recorded.empty()) << "one that was skipped is over";
}

}  // namespace
}  // namespace divvy::sink
