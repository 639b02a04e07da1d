#include "ventilator/dispatch.hpp"

#include <gtest/gtest.h>

#include <memory>

namespace divvy::ventilator {
namespace {

using namespace std::chrono_literals;
using Ranges = std::vector<Range>;

constexpr VentilatorId kSelf{10};
constexpr BatchId kBatch{20};
constexpr WorkerId kAnn{1};
constexpr WorkerId kBob{2};

// A fake fleet: says what workers and the sink would say, and looks at the orders.
class DispatchTest : public testing::Test {
 protected:
  void begin(std::uint64_t tasks, Dispatch::Settings settings = {}) {
    settings.self = kSelf;
    settings.batch = kBatch;
    dispatch_ = std::make_unique<Dispatch>(settings);
    dispatch_->sink_ready();
    dispatch_->input(tasks);
  }

  Presence presence(WorkerId worker, std::uint32_t slots = 1) {
    Presence presence;
    presence.worker = worker;
    presence.slots = slots;
    presence.ventilator = kSelf;
    presence.sequence = sequence_;
    presence.batch = kBatch;
    return presence;
  }

  void say(const Presence& presence) { EXPECT_TRUE(dispatch_->presence(presence, "inbox", now_)); }

  // A worker arrives and answers its greeting; what it is given then is left in the next orders.
  void arrive(WorkerId worker, std::uint32_t slots = 1) {
    Presence first = presence(worker, slots);
    first.ventilator = VentilatorId::none;
    first.sequence = 0;
    say(first);
    const auto orders = decide();
    EXPECT_EQ(orders.open.size(), 1U);
    say(presence(worker, slots));
  }

  Orders decide() {
    Orders orders = dispatch_->decide(now_);
    for (const auto& order : orders.send) sequence_ = std::max(sequence_, order.sequence);
    return orders;
  }

  // The tasks that are handed out now, and nothing else is.
  std::vector<std::pair<WorkerId, Ranges>> tasks() {
    std::vector<std::pair<WorkerId, Ranges>> given;
    const auto orders = decide();
    EXPECT_TRUE(orders.open.empty());
    EXPECT_TRUE(orders.close.empty());
    for (const auto& order : orders.send) {
      EXPECT_TRUE(order.recalled.empty());
      if (order.tasks.empty()) continue;
      Ranges ids;
      for (const Portion& portion : order.tasks) ids.push_back(portion.ids);
      given.emplace_back(order.worker, ids);
    }
    return given;
  }

  void receipt(WorkerId worker, Range ids, std::chrono::nanoseconds busy = 50ms,
               Verdict verdict = Verdict::succeeded, std::uint32_t attempt = 1) {
    dispatch_->receipt({worker, ids, attempt, verdict, static_cast<std::uint64_t>(busy.count()), 0},
                       now_);
  }

  using Given = std::vector<std::pair<WorkerId, Ranges>>;

  std::unique_ptr<Dispatch> dispatch_;
  Time now_{1h};
  std::uint64_t sequence_ = 0;
};

TEST_F(DispatchTest, GreetsAWorkerAndGivesItNothingBeforeItAnswers) {
  begin(10);
  Presence first = presence(kAnn);
  first.ventilator = VentilatorId::none;
  say(first);
  const auto orders = decide();
  ASSERT_EQ(orders.open.size(), 1U);
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_TRUE(orders.send[0].tasks.empty());
  EXPECT_EQ(tasks(), Given{});
  say(presence(kAnn));
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}}));
}

TEST_F(DispatchTest, GivesEachFreeSlotATaskInTurn) {
  begin(10);
  arrive(kAnn, 2);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 2}}}}));
  arrive(kBob, 1);
  EXPECT_EQ(tasks(), (Given{{kBob, {{3, 1}}}}));
  EXPECT_EQ(tasks(), Given{}) << "no slot is free, and how long tasks take is not known";
}

TEST_F(DispatchTest, WaitsForTheSinkAndForAllTheWorkersWanted) {
  Dispatch::Settings settings;
  settings.workers_wanted = 2;
  settings.self = kSelf;
  settings.batch = kBatch;
  dispatch_ = std::make_unique<Dispatch>(settings);
  dispatch_->input(5);
  arrive(kAnn);
  EXPECT_EQ(tasks(), Given{});
  arrive(kBob);
  EXPECT_EQ(tasks(), Given{}) << "no sink yet";
  dispatch_->sink_ready();
  EXPECT_EQ(tasks().size(), 2U);
}

TEST_F(DispatchTest, HasNotStartedBeforeThereIsATask) {
  begin(0);
  arrive(kAnn);
  decide();
  EXPECT_FALSE(dispatch_->started()) << "or the user's wait at the prompt would be timed";
  dispatch_->input(1);
  decide();
  EXPECT_TRUE(dispatch_->started());
}

TEST_F(DispatchTest, GivesTheNextTaskOnlyForAReceipt) {
  begin(3);
  arrive(kAnn);
  tasks();
  EXPECT_EQ(tasks(), Given{});
  receipt(kAnn, {1, 1}, 2s);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U) << "receipt and task travel in one message";
  EXPECT_EQ(orders.send[0].settled, (std::vector<Settled>{{{1, 1}, 1}}));
  EXPECT_EQ(orders.send[0].tasks, (std::vector<Portion>{{{2, 1}, 1, 1}}));
}

TEST_F(DispatchTest, GivesATaskAheadToHideTheRoundTripButNoneOfTheLast) {
  begin(5);
  arrive(kAnn);
  tasks();
  receipt(kAnn, {1, 1}, 50ms);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{2, 2}}}})) << "one for the slot, one ahead";
  receipt(kAnn, {2, 1}, 50ms);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{4, 1}}}}));
  receipt(kAnn, {3, 1}, 50ms);
  EXPECT_EQ(tasks(), Given{}) << "less than two waves are pending";
}

TEST_F(DispatchTest, GivesNoLongTaskAhead) {
  begin(100);
  arrive(kAnn);
  tasks();
  receipt(kAnn, {1, 1}, 5s);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{2, 1}}}}));
}

TEST_F(DispatchTest, GivesThousandsOfTinyTasksAtOnceAndSharesThem) {
  begin(100'000);
  arrive(kAnn);
  arrive(kBob);
  tasks();
  receipt(kAnn, {1, 1}, 1us);
  receipt(kBob, {2, 1}, 1us);
  const auto given = tasks();
  ASSERT_EQ(given.size(), 2U);
  std::uint64_t count = 0;
  for (const Range& ids : given[0].second) count += ids.count;
  EXPECT_GT(count, 1000U);
  EXPECT_LE(count, 25'001U);
}

TEST_F(DispatchTest, CallsBackWhatWaitsWhenASlotIsIdle) {
  begin(3);
  dispatch_->input(3);
  arrive(kAnn);
  tasks();
  dispatch_->input(6);
  receipt(kAnn, {1, 1}, 50ms);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{2, 2}}}}));
  arrive(kBob, 4);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 2U);
  EXPECT_EQ(orders.send[0].worker, kBob);
  EXPECT_EQ(orders.send[0].tasks, (std::vector<Portion>{{{4, 3}, 1, 1}}));
  EXPECT_EQ(orders.send[1].worker, kAnn);
  EXPECT_EQ(orders.send[1].recalled, (Ranges{{3, 1}}));
  EXPECT_EQ(tasks(), Given{}) << "asked once";

  Presence answer = presence(kAnn);
  answer.running = {{2, 1}};
  say(answer);
  EXPECT_EQ(tasks(), (Given{{kBob, {{3, 1}}}}));
}

TEST_F(DispatchTest, HandsTheTasksOfALostWorkerOutAgainFirst) {
  begin(10);
  arrive(kAnn, 2);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 2}}}}));
  dispatch_->gone(kAnn);
  EXPECT_EQ(decide().close, (std::vector<WorkerId>{kAnn}));
  arrive(kBob, 2);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_EQ(orders.send[0].tasks, (std::vector<Portion>{{{1, 2}, 2, 2}}));
}

TEST_F(DispatchTest, HandsWhatWasRunningOutBeforeAllElse) {
  begin(0);
  dispatch_->rank(2, 1000);
  dispatch_->input(4);
  arrive(kAnn, 2);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{2, 1}, {1, 1}}}}));
  dispatch_->rank(5, 2000);
  dispatch_->input(5);
  dispatch_->gone(kAnn);
  arrive(kBob, 3);
  EXPECT_EQ(tasks(), (Given{{kBob, {{1, 2}, {5, 1}}}}));
}

TEST_F(DispatchTest, GivesNoStrikeToWhatWasOnlyQueued) {
  begin(100);
  arrive(kAnn);
  tasks();
  receipt(kAnn, {1, 1}, 50ms);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{2, 2}}}}));
  dispatch_->gone(kAnn);
  decide();
  arrive(kBob, 2);
  const auto orders = decide();
  EXPECT_EQ(orders.send[0].tasks[0], (Portion{{2, 1}, 2, 2})) << "it was running";
  EXPECT_EQ(orders.send[0].tasks[1].attempt, 1U) << "it was queued";
}

TEST_F(DispatchTest, LosesAWorkerThatIsSilent) {
  begin(1);
  arrive(kAnn);
  tasks();
  EXPECT_EQ(dispatch_->deadline(), now_ + 750ms);
  for (int i = 0; i < 2; ++i) {
    now_ += 1s;
    EXPECT_EQ(tasks(), Given{});
  }
  now_ += 999ms;
  EXPECT_EQ(tasks(), Given{});
  now_ += 1ms;
  EXPECT_EQ(decide().close, (std::vector<WorkerId>{kAnn}));
  EXPECT_EQ(dispatch_->pending(), 1U);
  EXPECT_EQ(dispatch_->deadline(), std::nullopt);
}

TEST_F(DispatchTest, BlamesNobodyForASilenceThatItSleptThrough) {
  begin(1);
  arrive(kAnn);
  tasks();
  now_ += 1h;
  EXPECT_EQ(tasks(), Given{});
  EXPECT_EQ(dispatch_->outstanding(), 1U);
}

TEST_F(DispatchTest, OpensTheLaneOfAWorkerAgainThatSpeaksButDoesNotHear) {
  begin(1);
  arrive(kAnn);
  const std::uint64_t before = sequence_;
  tasks();
  Presence deaf = presence(kAnn);
  deaf.sequence = before;
  for (int i = 0; i < 4; ++i) {
    now_ += 1s;
    say(deaf);
    EXPECT_EQ(tasks(), Given{});
  }
  now_ += 1s;
  say(deaf);
  EXPECT_EQ(decide().open.size(), 1U);
  say(presence(kAnn));
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_EQ(orders.send[0].tasks, (std::vector<Portion>{{{1, 1}, 1, 1}})) << "without a strike";
}

TEST_F(DispatchTest, WaitsBeforeARetryIfAsked) {
  Dispatch::Settings settings;
  settings.retries = 1;
  settings.retry_delay = 1s;
  begin(1, settings);
  arrive(kAnn);
  tasks();
  receipt(kAnn, {1, 1}, 50ms, Verdict::retry, 1);
  EXPECT_EQ(tasks(), Given{});
  EXPECT_LE(dispatch_->deadline(), now_ + 1s);
  now_ += 1s;
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}}));
}

TEST_F(DispatchTest, TellsWorkersToKillWhatRunsAndToGiveBackTheRestWhenItAborts) {
  begin(5);
  arrive(kAnn);
  tasks();
  dispatch_->stop(true);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_TRUE(orders.send[0].abort);
  EXPECT_EQ(orders.send[0].recalled, (Ranges{{1, 1}})) << "it may not have started it";
  EXPECT_TRUE(orders.send[0].tasks.empty());
  EXPECT_TRUE(decide().send.empty()) << "once is enough";
  say(presence(kAnn));
  EXPECT_EQ(dispatch_->outstanding(), 0U);
}

TEST_F(DispatchTest, TellsAWorkerThatItHearsOfLaterToKillWhatRunsToo) {
  begin(5);
  dispatch_->stop(true);
  Presence first = presence(kAnn);
  first.running = {{1, 1}};
  say(first);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_TRUE(orders.send[0].abort);
}

TEST_F(DispatchTest, AbortsAgainWhenTheLaneWasCut) {
  begin(1);
  arrive(kAnn);
  tasks();
  Presence deaf = presence(kAnn);
  dispatch_->stop(true);
  decide();
  for (int i = 0; i < 5; ++i) {
    now_ += 1s;
    say(deaf);
  }
  ASSERT_EQ(decide().open.size(), 1U);
  Presence running = presence(kAnn);
  running.running = {{1, 1}};
  say(running);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_TRUE(orders.send[0].abort);
  EXPECT_EQ(orders.send[0].recalled, (Ranges{{1, 1}}));
}

TEST_F(DispatchTest, GivesATaskUpThatLostThreeWorkers) {
  begin(1);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    EXPECT_TRUE(dispatch_->take_given_up().empty());
    arrive(WorkerId{id});
    EXPECT_EQ(tasks().size(), 1U);
    dispatch_->gone(WorkerId{id});
    decide();
  }
  EXPECT_EQ(dispatch_->take_given_up(), (std::vector<TaskId>{1}));
  EXPECT_EQ(dispatch_->pending(), 0U);
  receipt(WorkerId::none, {1, 1}, 0s, Verdict::failed);
  EXPECT_EQ(dispatch_->recorded(), 1U);
  EXPECT_EQ(dispatch_->failed(), 1U);
}

TEST_F(DispatchTest, TakesTheLateResultOfAWorkerThatWasThoughtGone) {
  begin(1);
  arrive(kAnn);
  tasks();
  dispatch_->gone(kAnn);
  decide();
  receipt(kAnn, {1, 1});
  EXPECT_EQ(dispatch_->recorded(), 1U);
  EXPECT_EQ(dispatch_->pending(), 0U) << "not to be run again";
}

TEST_F(DispatchTest, WelcomesBackAWorkerWithWhatItHolds) {
  begin(2);
  arrive(kAnn);
  tasks();
  dispatch_->gone(kAnn);
  decide();
  arrive(kAnn);
  Presence back = presence(kAnn);
  back.running = {{1, 1}};
  say(back);
  EXPECT_EQ(dispatch_->pending(), 1U) << "task 1 is its own again";
  EXPECT_EQ(dispatch_->outstanding(), 1U);
}

TEST_F(DispatchTest, LearnsAfterARestartWhoHoldsWhat) {
  begin(0);
  Presence old = presence(kAnn);
  old.ventilator = VentilatorId{9};
  old.sequence = 1000;
  old.running = {{3, 1}};
  old.finished = {{1, 1}};
  say(old);
  decide();
  Presence answer = presence(kAnn);
  answer.running = old.running;
  answer.finished = old.finished;
  say(answer);
  dispatch_->input(4);
  EXPECT_EQ(dispatch_->pending(), 2U);
  receipt(WorkerId::none, {1, 1}, 0s);
  EXPECT_EQ(dispatch_->recorded(), 1U);
  EXPECT_EQ(dispatch_->outstanding(), 1U) << "released, whoever had it";
}

TEST_F(DispatchTest, RecallsWhatIsQueuedAtOneWorkerButGivenToAnother) {
  begin(1);
  arrive(kAnn);
  tasks();
  arrive(kBob);
  Presence stray = presence(kBob);
  stray.queued = {{1, 1}};
  say(stray);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_EQ(orders.send[0].worker, kBob);
  EXPECT_EQ(orders.send[0].recalled, (Ranges{{1, 1}}));
}

TEST_F(DispatchTest, TakesBackWhatALaneHasLost) {
  begin(2);
  arrive(kAnn);
  tasks();
  say(presence(kAnn));
  EXPECT_EQ(dispatch_->outstanding(), 0U);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_EQ(orders.send[0].tasks, (std::vector<Portion>{{{1, 1}, 1, 1}})) << "without a strike";
}

TEST_F(DispatchTest, DoesNotTakeATaskForLostThatIsStillUnderWay) {
  begin(2);
  arrive(kAnn);
  const std::uint64_t before = sequence_;
  tasks();
  Presence earlier = presence(kAnn);
  earlier.sequence = before;
  say(earlier);
  EXPECT_EQ(dispatch_->outstanding(), 1U);
  EXPECT_EQ(tasks(), Given{});
}

TEST_F(DispatchTest, SettlesAFinishedTaskAgainThatIsRecorded) {
  begin(1);
  arrive(kAnn);
  tasks();
  receipt(WorkerId::none, {1, 1});
  decide();
  Presence waiting = presence(kAnn);
  waiting.finished = {{1, 1}};
  say(waiting);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_EQ(orders.send[0].settled, (std::vector<Settled>{{{1, 1}, kAnyAttempt}}));
}

TEST_F(DispatchTest, RetriesAFailedTaskWithItsNextAttempt) {
  Dispatch::Settings settings;
  settings.retries = 2;
  begin(1, settings);
  arrive(kAnn);
  tasks();
  receipt(kAnn, {1, 1}, 50ms, Verdict::retry, 1);
  auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_EQ(orders.send[0].tasks, (std::vector<Portion>{{{1, 1}, 2, 3}}));

  receipt(kAnn, {1, 1}, 50ms, Verdict::retry, 1);
  orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_TRUE(orders.send[0].tasks.empty()) << "old news: the second attempt is under way";
}

TEST_F(DispatchTest, GivesALeavingWorkerNothingAndTakesBackWhatItDropped) {
  begin(10);
  arrive(kAnn, 2);
  tasks();
  Presence leaving = presence(kAnn, 0);
  leaving.running = {{1, 1}};
  say(leaving);
  EXPECT_EQ(tasks(), Given{});
  EXPECT_EQ(dispatch_->outstanding(), 1U);
  receipt(kAnn, {1, 1});
  decide();
  say(presence(kAnn, 0));
  EXPECT_EQ(decide().close, (std::vector<WorkerId>{kAnn}));
  arrive(kBob);
  const auto orders = decide();
  ASSERT_EQ(orders.send[0].tasks.size(), 1U);
  EXPECT_EQ(orders.send[0].tasks[0].ids.first, 2U);
  EXPECT_EQ(orders.send[0].tasks[0].attempt, 1U) << "without a strike";
}

TEST_F(DispatchTest, HandsNothingOutOnceStoppedAndCallsBackAll) {
  begin(100);
  arrive(kAnn);
  tasks();
  receipt(kAnn, {1, 1}, 50ms);
  tasks();
  dispatch_->stop();
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_EQ(orders.send[0].recalled, (Ranges{{2, 2}}));
  EXPECT_TRUE(orders.send[0].tasks.empty());
}

TEST_F(DispatchTest, DropsAPresenceThatAnswersWhatWasNeverSent) {
  begin(1);
  Presence forged = presence(kAnn);
  forged.sequence = 1000;
  EXPECT_FALSE(dispatch_->presence(forged, "inbox", now_));
}

TEST_F(DispatchTest, GreetsSoManyWorkersThatDoNotAnswerAndThenTheNextInPlaceOfTheOldest) {
  begin(1);
  const auto come = [this](std::uint64_t worker) {
    Presence first = presence(WorkerId{worker});
    first.ventilator = VentilatorId::none;
    return dispatch_->presence(first, "inbox", now_);
  };
  for (std::uint64_t worker = 1; worker <= kMaxUnanswered; ++worker) EXPECT_TRUE(come(worker));
  EXPECT_FALSE(come(kMaxUnanswered + 1));
  EXPECT_EQ(decide().open.size(), kMaxUnanswered);
  now_ += 1s;
  for (std::uint64_t worker = 1; worker <= kMaxUnanswered; ++worker) EXPECT_TRUE(come(worker));
  now_ += 2s;
  EXPECT_TRUE(come(kMaxUnanswered + 1));
  EXPECT_EQ(decide().close.size(), 1U);
}

TEST_F(DispatchTest, BelievesNothingOfAWorkerThatHasNotAnswered) {
  begin(1);
  for (std::uint64_t worker = 5; worker < 10; ++worker) {
    Presence claim = presence(WorkerId{worker});
    claim.ventilator = VentilatorId::none;
    claim.running = {{1, 1}};
    say(claim);
    EXPECT_EQ(dispatch_->pending(), 1U);
    dispatch_->gone(WorkerId{worker});
    EXPECT_EQ(dispatch_->pending(), 1U);
  }
  EXPECT_TRUE(dispatch_->take_given_up().empty());
}

TEST_F(DispatchTest, TakesClaimsForTasksThatAreNotReadYetUpToALimit) {
  begin(0);
  for (std::uint64_t worker = 1; worker <= 3; ++worker) {
    arrive(WorkerId{worker});
    Presence claim = presence(WorkerId{worker});
    claim.running = {{worker << 40, kMaxClaimed / 2}};
    say(claim);
  }
  EXPECT_EQ(dispatch_->outstanding(), kMaxClaimed);
}

TEST_F(DispatchTest, KeepsNoNoteOfFinishedTasksThatItsWorkerDoesNotHold) {
  Member member;
  member.hold({1, 4}, 1);
  member.note_finished(RangeSet({{2, 1}, {4, 100}}));
  EXPECT_EQ(member.finished.ranges(), (Ranges{{2, 1}, {4, 1}}));
}

TEST_F(DispatchTest, SettlesAndRecallsWhatIsNotInTheInput) {
  begin(3);
  dispatch_->input(3, true);
  arrive(kAnn);
  decide();
  Presence claim = presence(kAnn);
  claim.running = {{1, 1}};
  claim.queued = {{3, 2}};
  claim.finished = {{2, 1}, {7, 5}};
  say(claim);
  EXPECT_EQ(dispatch_->outstanding(), 3U);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_EQ(orders.send[0].recalled.front(), (Range{4, 1}));
  EXPECT_EQ(orders.send[0].settled, (std::vector<Settled>{{{7, 5}, kAnyAttempt}}));
}

}  // namespace
}  // namespace divvy::ventilator
