#include "worker/holdings.hpp"

#include <gtest/gtest.h>

namespace divvy::worker {
namespace {

constexpr WorkerId kSelf{1};
constexpr VentilatorId kVentilator{10};
constexpr BatchId kBatch{20};
using Heard = Holdings::Heard;
using Ranges = std::vector<Range>;

// A ventilator's side of the lane.
class HoldingsTest : public testing::Test {
 protected:
  Lane lane(std::uint64_t sequence) {
    Lane lane;
    lane.worker = kSelf;
    lane.ventilator = kVentilator;
    lane.sequence = sequence;
    lane.batch = kBatch;
    return lane;
  }

  Heard hand(std::uint64_t sequence, Range ids, std::uint32_t attempt = 1) {
    texts_.clear();
    for (TaskId id = ids.first; id < ids.end(); ++id) append_text(texts_, std::to_string(id));
    Lane message = lane(sequence);
    message.tasks.push_back({ids, attempt, 3, texts_});
    return holdings_.hear(message);
  }

  Presence presence() {
    Presence presence;
    holdings_.describe(presence);
    return presence;
  }

  // Starts and ends the next task; it took `nanoseconds`.
  void work(std::int64_t nanoseconds = 50'000'000) {
    const auto task = holdings_.start();
    ASSERT_TRUE(task);
    Result result;
    result.outcome = Outcome::slept;
    result.started = clock_;
    result.ended = clock_ += nanoseconds;
    holdings_.finish(*task, result);
  }

  Ranges ids_sent() {
    Ranges ids;
    const auto frame = holdings_.next_results("w");
    if (!frame) return ids;
    const auto results = decode<Results>(*frame);
    for (const Result& result : results->results) ids.push_back(result.ids);
    return ids;
  }

  Holdings holdings_{kSelf};
  std::string texts_;
  std::int64_t clock_ = 1;
};

TEST_F(HoldingsTest, AnswerAGreetingAtOnce) {
  EXPECT_EQ(holdings_.hear(lane(1)), Heard::asked);
  EXPECT_EQ(presence().sequence, 1U);
  EXPECT_EQ(presence().ventilator, kVentilator);
}

TEST_F(HoldingsTest, ShowATaskAsQueuedThenRunningThenFinishedUntilItIsSettled) {
  EXPECT_EQ(hand(1, {7, 1}), Heard::taken);
  EXPECT_EQ(presence().queued, (Ranges{{7, 1}}));

  const auto task = holdings_.start();
  ASSERT_TRUE(task);
  EXPECT_EQ(task->text, "7");
  EXPECT_EQ(presence().running, (Ranges{{7, 1}}));
  EXPECT_TRUE(presence().queued.empty());

  holdings_.finish(*task, {});
  EXPECT_EQ(presence().finished, (Ranges{{7, 1}}));
  EXPECT_EQ(ids_sent(), (Ranges{{7, 1}}));
  EXPECT_EQ(presence().finished, (Ranges{{7, 1}}));

  Lane settled = lane(2);
  settled.settled.push_back({{7, 1}, 1});
  holdings_.hear(settled);
  EXPECT_TRUE(presence().finished.empty());
  EXPECT_TRUE(holdings_.settled());
}

TEST_F(HoldingsTest, DropWhatIsForAnotherWorkerOrOld) {
  Lane other = lane(1);
  other.worker = WorkerId{99};
  EXPECT_EQ(holdings_.hear(other), Heard::ignored);
  EXPECT_EQ(hand(5, {1, 1}), Heard::taken);
  EXPECT_EQ(hand(5, {2, 1}), Heard::ignored);
  EXPECT_EQ(hand(4, {3, 1}), Heard::ignored);
  EXPECT_EQ(presence().queued, (Ranges{{1, 1}}));
}

TEST_F(HoldingsTest, FollowANewVentilatorForGood) {
  hand(5, {1, 1});
  Lane fresh = lane(1);
  fresh.ventilator = VentilatorId{11};
  EXPECT_EQ(holdings_.hear(fresh), Heard::asked);
  EXPECT_EQ(hand(6, {2, 1}), Heard::ignored);
  EXPECT_EQ(presence().queued, (Ranges{{1, 1}})) << "the same batch goes on";
}

TEST_F(HoldingsTest, ForgetTheTasksOfAnOldBatch) {
  hand(1, {1, 3});
  const auto running = holdings_.start();
  work();
  Lane fresh = lane(2);
  fresh.batch = BatchId{21};
  holdings_.hear(fresh);
  holdings_.finish(*running, {});
  EXPECT_FALSE(holdings_.next_results("w"));
  EXPECT_EQ(holdings_.queued(), 0U);
  EXPECT_EQ(holdings_.running(), 0U);
}

TEST_F(HoldingsTest, GiveBackOnlyWhatIsQueued) {
  hand(1, {1, 3});
  const auto running = holdings_.start();
  Lane recall = lane(2);
  recall.recalled = {{1, 2}};
  EXPECT_EQ(holdings_.hear(recall), Heard::asked);
  EXPECT_EQ(presence().running, (Ranges{{1, 1}}));
  EXPECT_EQ(presence().queued, (Ranges{{3, 1}}));
}

TEST_F(HoldingsTest, TakeATaskOnlyOnce) {
  hand(1, {1, 2});
  hand(2, {1, 3});
  EXPECT_EQ(holdings_.queued(), 3U);
}

TEST_F(HoldingsTest, TakeASettledTaskAgainForItsNextAttempt) {
  hand(1, {1, 1});
  work();
  ids_sent();
  Lane again = lane(2);
  again.settled.push_back({{1, 1}, 1});
  append_text(texts_ = "", "1");
  again.tasks.push_back({{1, 1}, 2, 3, texts_});
  holdings_.hear(again);
  const auto task = holdings_.start();
  ASSERT_TRUE(task);
  EXPECT_EQ(task->attempt, 2U);
}

TEST_F(HoldingsTest, KeepAResultThatIsSettledForAnotherAttempt) {
  hand(1, {1, 1}, 2);
  work();
  Lane late = lane(2);
  late.settled.push_back({{1, 1}, 1});
  holdings_.hear(late);
  EXPECT_FALSE(holdings_.settled());
}

TEST_F(HoldingsTest, SendResultsAgainUntilTheyAreSettled) {
  hand(1, {1, 2});
  work();
  work();
  EXPECT_EQ(ids_sent(), (Ranges{{1, 1}, {2, 1}}));
  EXPECT_TRUE(ids_sent().empty());
  holdings_.unsend();
  EXPECT_EQ(ids_sent(), (Ranges{{1, 1}, {2, 1}}));
}

TEST_F(HoldingsTest, AreDoneWithARunOfWorkloadsOfNoTimeOnceItIsHeard) {
  holdings_ = Holdings(kSelf, true);
  append_text(texts_, "0");
  append_text(texts_, "00");
  Lane message = lane(1);
  message.tasks.push_back({{1, 2}, 1, 3, texts_});
  holdings_.hear(message, clock_);
  EXPECT_EQ(holdings_.take_passed(), 2U);
  EXPECT_EQ(holdings_.take_passed(), 0U);
  EXPECT_FALSE(holdings_.start());
  EXPECT_EQ(presence().finished, (Ranges{{1, 2}}));
  EXPECT_EQ(ids_sent(), (Ranges{{1, 2}}));

  hand(2, {1, 2});
  EXPECT_EQ(holdings_.queued(), 0U) << "what it holds is not run again";
  hand(3, {3, 2});
  EXPECT_EQ(holdings_.queued(), 2U);
}

TEST_F(HoldingsTest, TakeNoWorkloadForANumberThatIsACommandsArgument) {
  append_text(texts_, "0");
  Lane message = lane(1);
  message.tasks.push_back({{1, 1}, 1, 3, texts_});
  holdings_.hear(message);
  EXPECT_EQ(holdings_.queued(), 1U);
}

TEST_F(HoldingsTest, CountTheBytesOfResultsThatAreNotSettled) {
  hand(1, {1, 1});
  const auto task = holdings_.start();
  Result result;
  const std::string output(1000, 'x');
  result.outcome = Outcome::exited;
  result.output = output;
  holdings_.finish(*task, result);
  EXPECT_GT(holdings_.kept_bytes(), 1000U);
  Lane settled = lane(2);
  settled.settled.push_back({{1, 1}, kAnyAttempt});
  holdings_.hear(settled);
  EXPECT_EQ(holdings_.kept_bytes(), 0U);
}

}  // namespace
}  // namespace divvy::worker
