#include "sink/rules/live_output.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <string_view>

namespace divvy::sink {
namespace {

constexpr WorkerId kOne{1};
constexpr WorkerId kOther{2};

class LiveOutputTest : public testing::Test {
 protected:
  /// What is printed of lines that come while the task runs.
  std::string live(WorkerId worker, std::string_view lines, std::uint64_t offset,
                   std::uint32_t attempt = 1, TaskId id = 1) {
    return std::string(
        live_.lines_of(worker, {.id = id, .attempt = attempt, .offset = offset, .lines = lines}));
  }

  /// What is printed of the recorded result; the sink asks only if something is known of it.
  std::string recorded(WorkerId worker, std::string_view output, std::uint32_t attempt = 1) {
    const Result result{.attempt = attempt, .output = output};
    return std::string(live_.knows({1, 1}) ? live_.rest(worker, result).output : output);
  }

  std::string failed(WorkerId worker, std::string_view output, std::uint32_t attempt = 1) {
    return std::string(
        live_.rest_of_attempt(worker, {.attempt = attempt, .output = output}).output);
  }

  LiveOutputs live_;
};

TEST_F(LiveOutputTest, IsPrintedAsItComesAndTheRestWithTheResult) {
  EXPECT_EQ(live(kOne, "a\nb\n", 0), "a\nb\n");
  EXPECT_EQ(live(kOne, "c\n", 4), "c\n");
  EXPECT_EQ(recorded(kOne, "a\nb\nc\nd\ne"), "d\ne");
}

TEST_F(LiveOutputTest, OfATaskThatIsRecordedIsForgotten) {
  live(kOne, "a\n", 0);
  EXPECT_TRUE(live_.knows({1, 1}));
  EXPECT_TRUE(live_.knows({1, 5}));
  EXPECT_FALSE(live_.knows({2, 5}));
  recorded(kOne, "a\n");
  EXPECT_FALSE(live_.knows({1, 1}));
}

TEST_F(LiveOutputTest, IsNotPrintedBehindLinesThatWereLost) {
  EXPECT_EQ(live(kOne, "b\n", 2), "");
  EXPECT_EQ(live(kOne, "a\n", 0), "a\n");
  EXPECT_EQ(live(kOne, "d\n", 6), "");
  EXPECT_EQ(recorded(kOne, "a\nb\nc\nd\n"), "b\nc\nd\n");
}

TEST_F(LiveOutputTest, ThatComesTwiceIsPrintedOnce) {
  EXPECT_EQ(live(kOne, "a\n", 0), "a\n");
  EXPECT_EQ(live(kOne, "a\n", 0), "");
  EXPECT_EQ(live(kOne, "a\nb\n", 0), "b\n");
  EXPECT_EQ(recorded(kOne, "a\nb\n"), "");
}

TEST_F(LiveOutputTest, ThatWouldTearALineIsNotPrinted) {
  EXPECT_EQ(live(kOne, "a\n", 0), "a\n");
  EXPECT_EQ(live(kOne, "\nthis is longer\n", 1), "this is longer\n");
  EXPECT_EQ(live(kOne, "no\n", 15), "");
}

TEST_F(LiveOutputTest, OfBothOutputsAndOfSeveralTasksIsKeptApart) {
  EXPECT_EQ(live(kOne, "a\n", 0), "a\n");
  EXPECT_EQ(live_.lines_of(kOne, {.id = 1, .errors = true, .lines = "a\n"}), "a\n");
  EXPECT_EQ(live(kOne, "a\n", 0, 1, 2), "a\n");
  const Result rest = live_.rest(kOne, {.output = "a\nb", .errors = "a\nc"});
  EXPECT_EQ(rest.output, "b");
  EXPECT_EQ(rest.errors, "c");
}

TEST_F(LiveOutputTest, OfATaskThatIsRunAgainElsewhereIsNotPrintedAgain) {
  EXPECT_EQ(live(kOne, "a\nb\n", 0), "a\nb\n");
  EXPECT_EQ(live(kOther, "a\n", 0), "");
  EXPECT_EQ(live(kOther, "b\nc\n", 2), "c\n");
  EXPECT_EQ(recorded(kOther, "a\nb\nc\nd"), "d");
}

TEST_F(LiveOutputTest, IsPrintedFromTheFirstLineOnThatIsAnother) {
  live(kOne, "a\nb\nc\n", 0);
  EXPECT_EQ(live(kOther, "a\nB\n", 0), "B\n");
  EXPECT_EQ(live(kOther, "c\n", 4), "c\n");
  EXPECT_EQ(recorded(kOther, "a\nB\nc\n"), "");
}

TEST_F(LiveOutputTest, OfAnUnfinishedLineIsAnotherLine) {
  live(kOne, "a\nb\n", 0);
  EXPECT_EQ(recorded(kOther, "a\nb"), "b");
}

TEST_F(LiveOutputTest, IsNothingNewIfARunHasPrintedLess) {
  live(kOne, "a\nb\n", 0);
  EXPECT_EQ(recorded(kOther, "a\n"), "");
}

TEST_F(LiveOutputTest, OfTheRunBeforeIsIgnoredOnceAnotherPrints) {
  live(kOne, "a\n", 0);
  EXPECT_EQ(live(kOther, "A\n", 0), "A\n");
  EXPECT_EQ(live(kOne, "b\n", 2), "");
  EXPECT_EQ(live(kOne, "a\nb\n", 0), "");
  EXPECT_EQ(live(kOther, "B\n", 2), "B\n");
  EXPECT_EQ(recorded(kOther, "A\nB\n"), "");
}

TEST_F(LiveOutputTest, IsCompleteIfTheRunBeforeIsRecordedAfterAll) {
  live(kOne, "a\n", 0);
  live(kOther, "A\n", 0);
  EXPECT_EQ(recorded(kOne, "a\nb\n"), "a\nb\n");
}

TEST_F(LiveOutputTest, OfAFailedAttemptHasItsWholeLines) {
  live(kOne, "a\n", 0);
  EXPECT_EQ(failed(kOne, "a\nb\nhalf"), "b\n");
  EXPECT_EQ(failed(kOne, "a\nb\nhalf"), "");
  EXPECT_EQ(live(kOne, "a\nb\nc\n", 0, 2), "c\n");
  EXPECT_EQ(recorded(kOne, "a\nb\nc\nhalf", 2), "half");
}

TEST_F(LiveOutputTest, OfAnAttemptThatEndedBeforeItCameIsPrintedAtItsEnd) {
  EXPECT_EQ(failed(kOne, "a\n"), "a\n");
  EXPECT_EQ(recorded(kOther, "a\nb\n", 2), "b\n");
}

TEST_F(LiveOutputTest, OfAnEarlierAttemptIsIgnored) {
  EXPECT_EQ(live(kOther, "A\n", 0, 2), "A\n");
  EXPECT_EQ(live(kOne, "a\n", 0, 1), "");
  EXPECT_EQ(failed(kOne, "a\n", 1), "");
  EXPECT_EQ(recorded(kOther, "A\n", 2), "");
}

TEST_F(LiveOutputTest, OfAFailedRunThatDoesNotPrintAnyMoreIsIgnored) {
  live(kOne, "a\n", 0);
  live(kOther, "A\n", 0);
  EXPECT_EQ(failed(kOne, "a\nb\n"), "");
  EXPECT_EQ(recorded(kOther, "A\nB\n"), "B\n");
}

TEST_F(LiveOutputTest, OfAKilledTaskIsPrintedToItsLastByte) {
  live(kOne, "a\n", 0);
  const Result killed{.outcome = Outcome::interrupted, .output = "a\nb\nhalf"};
  EXPECT_EQ(live_.rest_of_attempt(kOne, killed).output, "b\nhalf");
  EXPECT_EQ(live(kOther, "a\nb\nhalf of it\n", 0), "half of it\n");
}

TEST_F(LiveOutputTest, OfATaskThatHasPrintedTooMuchIsNotPrintedOnceMore) {
  live(kOne, "a\nb\n", 0);
  EXPECT_EQ(recorded(kOne, ""), "");
}

// --- more lines than there is room for digests ---

class LongLiveOutputTest : public LiveOutputTest {
 protected:
  LongLiveOutputTest() { live_ = LiveOutputs(2); }
  static constexpr std::string_view kFour = "a\nb\nc\nd\n";
};

TEST_F(LongLiveOutputTest, IsNotPrintedAgainIfAllOfItIsTheSame) {
  EXPECT_EQ(live(kOne, kFour, 0), kFour);
  EXPECT_EQ(live(kOther, "a\nb\nc\n", 0), "");
  EXPECT_EQ(live(kOther, "d\ne\n", 6), "e\n");
  EXPECT_EQ(live(kOne, "a\nb\nc\nd\ne\nf\n", 0, 2), "f\n");
  EXPECT_EQ(recorded(kOne, "a\nb\nc\nd\ne\nf\ng", 2), "g");
}

TEST_F(LongLiveOutputTest, IsPrintedWithTheResultIfSomeOfItIsAnother) {
  live(kOne, kFour, 0);
  EXPECT_EQ(live(kOther, "a\nb\nC\nd\n", 0), "");
  EXPECT_EQ(live(kOther, "e\n", 8), "");
  EXPECT_EQ(recorded(kOther, "a\nb\nC\nd\ne\n"), "C\nd\ne\n");
}

TEST_F(LongLiveOutputTest, IsPrintedWithTheResultIfThereIsLessOfIt) {
  live(kOne, kFour, 0);
  EXPECT_EQ(recorded(kOther, "a\nb\nc"), "c");
}

TEST_F(LongLiveOutputTest, ThatDiffersWhereThereAreDigestsIsPrintedAtOnce) {
  live(kOne, kFour, 0);
  EXPECT_EQ(live(kOther, "a\nB\nc\nd\n", 0), "B\nc\nd\n");
  EXPECT_EQ(live(kOne, "a\nB\nc\nd\ne\n", 0, 2), "e\n");
}

TEST_F(LongLiveOutputTest, OfAnAttemptThatFailedIsHeldBackUntilItIsKnownToBeNew) {
  live(kOne, kFour, 0);
  EXPECT_EQ(failed(kOther, "a\nb\nc\n", 2), "");
  EXPECT_EQ(recorded(kOne, "a\nb\nc\nd\ne", 3), "e");
}

TEST_F(LongLiveOutputTest, GivesItsRoomBackWhenItsTaskIsRecorded) {
  for (TaskId id = 1; id <= 5; ++id) {
    live(kOne, kFour, 0, 1, id);
    EXPECT_EQ(live(kOther, "a\nB\n", 0, 1, id), "B\n");
    (void)live_.rest(kOther, {.ids = {id, 1}, .output = "a\nB\n"});
  }
}

}  // namespace
}  // namespace divvy::sink
