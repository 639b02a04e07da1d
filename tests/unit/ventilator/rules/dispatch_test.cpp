#include "ventilator/rules/dispatch.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <memory>
#include <utility>
#include <vector>

#include "ventilator/rules/limits.hpp"

namespace divvy::ventilator {
namespace {

using namespace std::chrono_literals;
using Ranges = std::vector<Range>;
using Assignments = std::vector<Assignment>;

constexpr VentilatorId kSelf{10};
constexpr BatchId kBatch{20};
constexpr WorkerId kAnn{1};
constexpr WorkerId kBob{2};

// Plays workers and sink to a Dispatch, and looks at the orders.
class DispatchTest : public testing::Test {
 protected:
  void begin(std::uint64_t tasks, const Dispatch::Settings& settings = {}) {
    dispatch_ = std::make_unique<Dispatch>(kSelf, kBatch, settings);
    dispatch_->allow_start();
    dispatch_->input(tasks);
  }

  // What a worker says that has answered all that it was sent.
  [[nodiscard]] Presence presence(WorkerId worker, std::uint32_t slots = 1) const {
    return {.worker = worker,
            .slots = slots,
            .reaches_sink = true,
            .ventilator = kSelf,
            .sequence = sequence_,
            .batch = kBatch};
  }

  // With the task that it was given third.
  [[nodiscard]] Presence presence_of_bob() const {
    Presence bob = presence(kBob);
    bob.running = {{3, 1}};
    return bob;
  }

  void receive(const Presence& presence, const std::string& inbox = "inbox") {
    EXPECT_TRUE(dispatch_->presence(presence, inbox, now_));
  }

  // A worker comes and answers its greeting; what it is given then is left in the next orders.
  void connect(WorkerId worker, std::uint32_t slots = 1) {
    Presence first = presence(worker, slots);
    first.ventilator = VentilatorId::none;
    first.sequence = 0;
    receive(first);
    const auto orders = decide();
    EXPECT_EQ(orders.open.size(), 1U);
    receive(presence(worker, slots));
  }

  // Its connection is closed, and it does not come back in time.
  void lose(WorkerId worker) {
    dispatch_->disconnected(worker, now_);
    now_ += 300ms;
  }

  // Her task is the first.
  void lose_ann_while_bob_has_two_tasks() {
    connect(kAnn);
    EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}}));
    connect(kBob, 2);
    EXPECT_EQ(tasks(), (Given{{kBob, {{2, 2}}}}));
    lose(kAnn);
  }

  Orders decide() {
    Orders orders = dispatch_->decide(now_);
    for (const Lane& lane : orders.send) sequence_ = std::max(sequence_, lane.sequence);
    return orders;
  }

  using Given = std::vector<std::pair<WorkerId, Ranges>>;

  // The tasks that are handed out now, and nothing else is.
  Given tasks() {
    Given given;
    const auto orders = decide();
    EXPECT_TRUE(orders.open.empty());
    EXPECT_TRUE(orders.close.empty());
    for (const Lane& lane : orders.send) {
      EXPECT_TRUE(lane.recalled.empty());
      if (lane.tasks.empty()) continue;
      Ranges ids;
      for (const Assignment& assignment : lane.tasks) ids.push_back(assignment.ids);
      given.emplace_back(lane.worker, ids);
    }
    return given;
  }

  // The same when a worker was lost, and others may be asked to give tasks back.
  Given tasks_after_a_loss() {
    Given given;
    for (const Lane& lane : decide().send) {
      if (!lane.tasks.empty()) given.emplace_back(lane.worker, Ranges{lane.tasks[0].ids});
    }
    return given;
  }

  // The workers whose lanes are closed now.
  std::vector<WorkerId> closed() {
    std::vector<WorkerId> workers;
    for (const auto& close : decide().close) workers.push_back(close.worker);
    return workers;
  }

  void receipt(WorkerId worker, Range ids, std::chrono::nanoseconds duration = 50ms,
               Verdict verdict = Verdict::succeeded, std::uint32_t attempt = 1) {
    dispatch_->receipt({.worker = worker,
                        .ids = ids,
                        .attempt = attempt,
                        .verdict = verdict,
                        .duration = static_cast<std::uint64_t>(duration.count())},
                       now_);
  }

  std::unique_ptr<Dispatch> dispatch_;
  Time now_{1h};
  std::uint64_t sequence_ = 0;
};

TEST_F(DispatchTest, GreetsAWorkerAndGivesItNothingBeforeItAnswers) {
  begin(10);
  Presence first = presence(kAnn);
  first.ventilator = VentilatorId::none;
  receive(first);
  const auto orders = decide();
  ASSERT_EQ(orders.open.size(), 1U);
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_TRUE(orders.send[0].tasks.empty());
  EXPECT_EQ(tasks(), Given{});
  receive(presence(kAnn));
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}}));
}

TEST_F(DispatchTest, GivesEachFreeSlotATask) {
  begin(10);
  connect(kAnn, 2);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 2}}}}));
  connect(kBob, 1);
  EXPECT_EQ(tasks(), (Given{{kBob, {{3, 1}}}}));
  EXPECT_EQ(tasks(), Given{}) << "no slot is free, and how long tasks take is not known";
}

TEST_F(DispatchTest, WaitsForTheSinkAndForAllTheWorkersWanted) {
  dispatch_ = std::make_unique<Dispatch>(kSelf, kBatch, Dispatch::Settings{.workers_wanted = 2});
  dispatch_->input(5);
  connect(kAnn);
  EXPECT_EQ(tasks(), Given{});
  connect(kBob);
  EXPECT_EQ(tasks(), Given{}) << "no sink yet";
  dispatch_->allow_start();
  EXPECT_EQ(tasks().size(), 2U);
}

TEST_F(DispatchTest, HandsNothingOutBeforeThereIsATask) {
  begin(0);
  connect(kAnn);
  decide();
  EXPECT_FALSE(dispatch_->is_handing_out()) << "or the user's wait at the prompt would be timed";
  dispatch_->input(1);
  decide();
  EXPECT_TRUE(dispatch_->is_handing_out());
}

TEST_F(DispatchTest, GivesTheNextTaskOnlyForAReceipt) {
  begin(3);
  connect(kAnn);
  tasks();
  EXPECT_EQ(tasks(), Given{});
  receipt(kAnn, {1, 1}, 2s);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U) << "receipt and task travel in one message";
  EXPECT_EQ(orders.send[0].settled, (std::vector<Settled>{{{1, 1}, 1}}));
  EXPECT_EQ(orders.send[0].tasks, (Assignments{{.ids = {2, 1}}}));
}

TEST_F(DispatchTest, GivesATaskAheadToHideTheRoundTripButNoneOfTheLast) {
  begin(5);
  connect(kAnn);
  tasks();
  receipt(kAnn, {1, 1}, 50ms);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{2, 2}}}})) << "one for the slot, one ahead";
  receipt(kAnn, {2, 1}, 50ms);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{4, 1}}}}));
  receipt(kAnn, {3, 1}, 50ms);
  EXPECT_EQ(tasks(), Given{}) << "less than two waves are pending";
}

TEST_F(DispatchTest, GivesOnlySoManyTasksAheadThatAreNotConsecutive) {
  constexpr std::uint64_t count = 100'000;
  begin(count);
  for (TaskId id = 2; id <= count; id += 2) receipt(WorkerId::none, {id, 1});
  connect(kAnn);
  tasks();
  receipt(kAnn, {1, 1}, 1us);
  const auto given = tasks();
  ASSERT_EQ(given.size(), 1U);
  EXPECT_GT(given[0].second.size(), 100U);
  EXPECT_LE(given[0].second.size(), 1001U);
}

TEST_F(DispatchTest, GivesNoLongTaskAhead) {
  begin(100);
  connect(kAnn);
  tasks();
  receipt(kAnn, {1, 1}, 5s);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{2, 1}}}}));
}

TEST_F(DispatchTest, GivesThousandsOfTinyTasksAtOnceAndSharesThem) {
  begin(100'000);
  connect(kAnn);
  connect(kBob);
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

TEST_F(DispatchTest, RecallsWhatAWorkerLetsWaitForLongThoughItsSlotsAreFree) {
  begin(2);
  connect(kAnn, 2);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 2}}}}));
  Presence waits = presence(kAnn, 2);
  waits.running = {{1, 1}};
  waits.queued = {{2, 1}};
  receive(waits);
  connect(kBob);
  EXPECT_EQ(tasks(), Given{}) << "it may be about to start it";

  now_ += 1s;
  waits.sequence = sequence_;
  receive(waits);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_EQ(orders.send[0].worker, kAnn);
  EXPECT_EQ(orders.send[0].recalled, (Ranges{{2, 1}}));

  Presence answer = presence(kAnn, 2);
  answer.running = {{1, 1}};
  receive(answer);
  EXPECT_EQ(tasks(), (Given{{kBob, {{2, 1}}}}));
}

TEST_F(DispatchTest, DoesNotCallATaskRunningThatIsSeenToWait) {
  begin(2);
  connect(kAnn, 2);
  tasks();
  now_ += 1ms;
  EXPECT_EQ(dispatch_->busy_slots(), 2U);
  Presence waits = presence(kAnn, 2);
  waits.running = {{1, 1}};
  waits.queued = {{2, 1}};
  receive(waits);
  now_ += 1s;
  receive(waits);
  EXPECT_EQ(dispatch_->busy_slots(), 1U);
  EXPECT_EQ(dispatch_->outlook(now_).oldest, 1U);

  waits.running = {};
  waits.queued = {{1, 2}};
  receive(waits);
  EXPECT_EQ(dispatch_->busy_slots(), 0U);
  EXPECT_EQ(dispatch_->outlook(now_).oldest, 0U);
  dispatch_->stop(false);
  EXPECT_EQ(dispatch_->busy_slots(), 2U) << "it may start them before it hears of it";
}

TEST_F(DispatchTest, LeavesWhatWaitsToAWorkerThatAloneHasFreeSlots) {
  begin(1);
  connect(kAnn, 4);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}}));
  Presence waits = presence(kAnn, 4);
  waits.queued = {{1, 1}};
  receive(waits);
  now_ += 1s;
  receive(waits);
  EXPECT_EQ(tasks(), Given{});
}

TEST_F(DispatchTest, RecallsWhatIsQueuedWhenASlotIsIdle) {
  begin(3);
  dispatch_->input(3);
  connect(kAnn);
  tasks();
  dispatch_->input(6);
  receipt(kAnn, {1, 1}, 50ms);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{2, 2}}}}));
  connect(kBob, 4);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 2U);
  EXPECT_EQ(orders.send[0].worker, kBob);
  EXPECT_EQ(orders.send[0].tasks, (Assignments{{.ids = {4, 3}}}));
  EXPECT_EQ(orders.send[1].worker, kAnn);
  EXPECT_EQ(orders.send[1].recalled, (Ranges{{3, 1}}));
  EXPECT_EQ(tasks(), Given{}) << "asked once";

  Presence answer = presence(kAnn);
  answer.running = {{2, 1}};
  receive(answer);
  EXPECT_EQ(tasks(), (Given{{kBob, {{3, 1}}}}));
}

TEST_F(DispatchTest, TakesAWorkerThatConnectsAgainAtOnceForTheSame) {
  begin(1);
  connect(kAnn);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}}));
  dispatch_->disconnected(kAnn, now_);
  now_ += 100ms;
  EXPECT_TRUE(closed().empty());
  Presence back = presence(kAnn);
  back.running = {{1, 1}};
  receive(back);
  now_ += 300ms;
  EXPECT_TRUE(closed().empty());
  EXPECT_EQ(dispatch_->outstanding(), 1U);
}

TEST_F(DispatchTest, RunsWhatRanAtALostWorkerFirstAndEachAlone) {
  begin(10);
  connect(kAnn, 2);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 2}}}}));
  lose(kAnn);
  EXPECT_EQ(closed(), (std::vector<WorkerId>{kAnn}));
  connect(kBob, 2);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_EQ(orders.send[0].tasks, (Assignments{{.ids = {1, 1}, .attempt = 2, .attempts = 2}}));
  EXPECT_EQ(tasks(), Given{}) << "its other slot stays free";
  receipt(kBob, {1, 1}, 2s, Verdict::succeeded, 2);
  EXPECT_EQ(tasks(), (Given{{kBob, {{2, 1}}}}));
  receipt(kBob, {2, 1}, 2s, Verdict::succeeded, 2);
  EXPECT_EQ(tasks(), (Given{{kBob, {{3, 2}}}}));
}

TEST_F(DispatchTest, KeepsAWorkerFreeForATaskThatIsToRunAlone) {
  begin(10);
  lose_ann_while_bob_has_two_tasks();
  EXPECT_EQ(tasks_after_a_loss(), Given{}) << "Bob has two others";
  receipt(kBob, {2, 1}, 2s);
  EXPECT_EQ(tasks(), Given{});
  receipt(kBob, {3, 1}, 2s);
  EXPECT_EQ(tasks(), (Given{{kBob, {{1, 1}}}}));
}

// The third time it was alone, so nobody else can be to blame.
TEST_F(DispatchTest, BlamesNoNeighboursOfATaskThatKillsItsWorker) {
  begin(3);
  std::uint64_t worker = 1;
  std::vector<TaskId> lost;
  while (dispatch_->recorded() + lost.size() < 3) {
    connect(WorkerId{worker}, 3);
    Given given = tasks();
    while (!given.empty()) {
      const Ranges ids = given[0].second;
      if (ids[0].contains(2)) {
        lose(WorkerId{worker});
        decide();
        break;
      }
      receipt(WorkerId{worker}, ids[0], 2s, Verdict::succeeded, 2);
      given = tasks();
    }
    for (const TaskId id : dispatch_->take_lost_tasks()) lost.push_back(id);
    ++worker;
    ASSERT_LT(worker, 10U);
  }
  EXPECT_EQ(lost, (std::vector<TaskId>{2}));
  EXPECT_EQ(dispatch_->recorded(), 2U);
}

TEST_F(DispatchTest, GivesAFailedTaskToAnotherWorkerIfThereIsOne) {
  begin(1, {.retries = 3});
  connect(kAnn);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}}));
  receipt(kAnn, {1, 1}, 2s, Verdict::retry, 1);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}})) << "nobody else is there";
  connect(kBob);
  receipt(kAnn, {1, 1}, 2s, Verdict::retry, 2);
  EXPECT_EQ(tasks(), (Given{{kBob, {{1, 1}}}}));
}

TEST_F(DispatchTest, GivesATaskToTheWorkerWhereItFailedIfNobodyElseHasTime) {
  begin(3, {.retries = 3});
  connect(kAnn);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}}));
  connect(kBob);
  EXPECT_EQ(tasks(), (Given{{kBob, {{2, 1}}}}));
  receipt(kAnn, {1, 1}, 2s);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{3, 1}}}}));
  receipt(kAnn, {3, 1}, 2s, Verdict::retry, 1);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{3, 1}}}})) << "Bob may be busy for hours";
}

TEST_F(DispatchTest, RunsAStruckTaskWhereverAWorkerIsEmptyFirst) {
  begin(3);
  lose_ann_while_bob_has_two_tasks();
  EXPECT_EQ(tasks_after_a_loss(), Given{}) << "Bob is kept free";
  connect(WorkerId{3});
  EXPECT_EQ(tasks(), (Given{{WorkerId{3}, {{1, 1}}}}));
}

TEST_F(DispatchTest, SuspendsAWorkerThatOnlyFailsAndTriesItWithSingleTasks) {
  begin(100);
  connect(kAnn);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}}));
  connect(kBob);
  EXPECT_EQ(tasks(), (Given{{kBob, {{2, 1}}}}));
  receipt(kAnn, {1, 1}, 2s);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{3, 1}}}}));
  for (const TaskId id : {2, 4, 5, 6}) {
    receipt(kBob, {id, 1}, 1ms, Verdict::failed);
    EXPECT_EQ(tasks().size(), 1U);
  }
  receipt(kBob, {7, 1}, 1ms, Verdict::failed);
  const auto orders = decide();
  ASSERT_EQ(orders.notices.size(), 1U);
  EXPECT_EQ(orders.notices[0].tasks, kMostFailures);
  EXPECT_EQ(tasks(), Given{}) << "Ann is busy, and Bob waits";
  now_ += 1s;
  EXPECT_EQ(tasks(), (Given{{kBob, {{8, 1}}}}));
  receipt(kBob, {8, 1}, 2s);
  EXPECT_EQ(tasks(), (Given{{kBob, {{9, 1}}}})) << "it has succeeded";
}

TEST_F(DispatchTest, SuspendsNobodyWhereAllFail) {
  begin(100);
  connect(kAnn);
  for (TaskId id = 1; id <= 20; ++id) {
    EXPECT_EQ(tasks(), (Given{{kAnn, {{id, 1}}}}));
    receipt(kAnn, {id, 1}, 2s, Verdict::failed);
  }
}

TEST_F(DispatchTest, GivesAWorkerThatDoesSeveralTogetherEnoughForTwiceAsMany) {
  begin(1000);
  connect(kAnn);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}}));
  receipt(kAnn, {1, 1}, 10ms);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{2, 3}}}})) << "one, and two ahead: what takes 20 ms";
  receipt(kAnn, {2, 3}, 30ms);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{5, 13}}}})) << "one, and four times three ahead";
}

TEST_F(DispatchTest, GivesTasksAheadWhereAllFailSoon) {
  begin(100);
  connect(kAnn);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}}));
  receipt(kAnn, {1, 1}, 1ms, Verdict::failed);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{2, 21}}}}));
}

TEST_F(DispatchTest, CountsNoFailureForHowLongTasksTakeOnceSomeSucceed) {
  begin(100);
  connect(kAnn);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}}));
  receipt(kAnn, {1, 1}, 2s, Verdict::failed);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{2, 1}}}}));
  receipt(kAnn, {2, 1}, 10ms);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{3, 3}}}}));
  receipt(kAnn, {3, 1}, 0ms, Verdict::failed);
  receipt(kAnn, {4, 1}, 10ms);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{6, 2}}}})) << "not as many as would last for failures";
}

TEST_F(DispatchTest, GivesNothingToAWorkerThatDoesNotReachTheSinkAndItsTasksToOthers) {
  begin(3);
  dispatch_->sink_reached(true);
  connect(kAnn);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}}));
  connect(kBob);
  EXPECT_EQ(tasks(), (Given{{kBob, {{2, 1}}}}));
  Presence bob = presence(kBob);
  bob.running = {{2, 1}};
  Presence cut = presence(kAnn);
  cut.reaches_sink = false;
  cut.running = {{1, 1}};
  for (int second = 0; second < 3; ++second) {
    receive(cut);
    receive(bob);
    decide();
    now_ += 1s;
  }
  receive(bob);
  receive(cut);
  const auto orders = decide();
  ASSERT_EQ(orders.notices.size(), 1U);
  EXPECT_EQ(orders.notices[0].what, Orders::Notice::What::cut_off);
  receipt(kBob, {2, 1}, 2s);
  EXPECT_EQ(tasks(), (Given{{kBob, {{1, 1}}}})) << "without a strike";
  receive(presence(kAnn));
  EXPECT_EQ(tasks(), (Given{{kAnn, {{3, 1}}}})) << "it reaches the sink again";
}

TEST_F(DispatchTest, GivesNoStrikeToWhatWasOnlyQueued) {
  begin(100);
  connect(kAnn);
  tasks();
  receipt(kAnn, {1, 1}, 50ms);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{2, 2}}}}));
  lose(kAnn);
  decide();
  connect(kBob, 2);
  EXPECT_EQ(decide().send[0].tasks, (Assignments{{.ids = {2, 1}, .attempt = 2, .attempts = 2}}))
      << "it was running";
  receipt(kBob, {2, 1}, 50ms, Verdict::succeeded, 2);
  EXPECT_EQ(decide().send[0].tasks[0].attempt, 1U) << "it was queued";
}

TEST_F(DispatchTest, LosesAWorkerThatIsSilent) {
  begin(1);
  connect(kAnn);
  tasks();
  EXPECT_EQ(dispatch_->deadline(), now_ + 750ms);
  for (int i = 0; i < 2; ++i) {
    now_ += 1s;
    EXPECT_EQ(tasks(), Given{});
  }
  now_ += 999ms;
  EXPECT_EQ(tasks(), Given{});
  now_ += 1ms;
  EXPECT_EQ(closed(), (std::vector<WorkerId>{kAnn}));
  EXPECT_EQ(dispatch_->pending(), 1U);
  EXPECT_EQ(dispatch_->deadline(), std::nullopt);
}

TEST_F(DispatchTest, WaitsFourSecondsLongerForAWorkerWithoutTasks) {
  begin(0);
  connect(kAnn);
  for (int i = 0; i < 6; ++i) {
    now_ += 1s;
    EXPECT_EQ(closed(), std::vector<WorkerId>{});
  }
  now_ += 999ms;
  EXPECT_EQ(closed(), std::vector<WorkerId>{});
  now_ += 1ms;
  EXPECT_EQ(closed(), (std::vector<WorkerId>{kAnn}));
}

TEST_F(DispatchTest, HasATaskBackThreeSecondsAfterItWasGivenToAFrozenWorker) {
  begin(0);
  connect(kAnn);
  EXPECT_EQ(tasks(), Given{});
  now_ += 500ms;
  dispatch_->input(1);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}}));
  for (int i = 0; i < 2; ++i) {
    now_ += 1s;
    EXPECT_EQ(tasks(), Given{});
  }
  now_ += 1s;
  EXPECT_EQ(closed(), (std::vector<WorkerId>{kAnn}));
  EXPECT_EQ(dispatch_->pending(), 1U);
}

TEST_F(DispatchTest, LeavesManyWorkersUnheardForAMomentThatNobodyNotices) {
  begin(0);
  for (std::uint64_t worker = 1; worker < 100; ++worker) connect(WorkerId{worker});
  EXPECT_EQ(dispatch_->patience(), 0ms) << "there are few";
  connect(WorkerId{100});
  EXPECT_EQ(dispatch_->patience(), 50ms);
  dispatch_->input(200);
  decide();
  EXPECT_EQ(dispatch_->patience(), 10ms) << "it is not known how long a task takes";
  receipt(kAnn, {1, 1}, 2s);
  EXPECT_EQ(dispatch_->patience(), 20ms);
  for (TaskId task = 2; task < 30; ++task) receipt(WorkerId{task}, {task, 1}, 5ms);
  EXPECT_EQ(dispatch_->patience(), 0ms);
}

TEST_F(DispatchTest, LosesNobodyForASilenceWhileItDidNotRunItself) {
  begin(1);
  connect(kAnn);
  tasks();
  now_ += 1h;
  EXPECT_EQ(tasks(), Given{});
  EXPECT_EQ(dispatch_->outstanding(), 1U);
}

TEST_F(DispatchTest, OpensTheLaneOfAWorkerAgainThatSendsPresenceButAnswersNothing) {
  begin(1);
  connect(kAnn);
  const std::uint64_t before = sequence_;
  tasks();
  Presence unanswered = presence(kAnn);
  unanswered.sequence = before;
  for (int i = 0; i < 4; ++i) {
    now_ += 1s;
    receive(unanswered);
    EXPECT_EQ(tasks(), Given{});
  }
  now_ += 1s;
  receive(unanswered);
  EXPECT_EQ(decide().open.size(), 1U);
  receive(presence(kAnn));
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_EQ(orders.send[0].tasks, (Assignments{{.ids = {1, 1}}})) << "without a strike";
}

TEST_F(DispatchTest, OpensTheLaneOfAWorkerAnewAtOnceThatHasTakenAnotherOne) {
  begin(1);
  connect(kAnn);
  const std::uint64_t before = sequence_;
  tasks();
  Presence moved = presence(kAnn);
  moved.sequence = before;
  receive(moved, "another");
  const auto orders = decide();
  ASSERT_EQ(orders.open.size(), 1U);
  EXPECT_EQ(orders.open[0].inbox, "another");
  EXPECT_FALSE(dispatch_->hears(kAnn));
  receive(presence(kAnn), "another");
  EXPECT_TRUE(dispatch_->hears(kAnn));
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}})) << "what was sent on the one before is lost";
}

TEST_F(DispatchTest, KeepsAWorkerWithoutALaneButTakesBackWhatIsNotThere) {
  begin(3);
  connect(kAnn, 2);
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 2}}}}));
  connect(kBob);
  EXPECT_EQ(tasks(), (Given{{kBob, {{3, 1}}}}));
  Presence cut = presence(kAnn, 2);
  cut.sequence = 1;
  cut.running = {{1, 1}};
  receive(cut, "");
  EXPECT_EQ(dispatch_->outstanding(), 2U) << "task 2 was on its way";
  for (int i = 0; i < 10; ++i) {
    now_ += 1s;
    receive(cut, "");
    receive(presence_of_bob());
    EXPECT_TRUE(decide().close.empty());
  }
  EXPECT_TRUE(dispatch_->knows(kAnn));
}

TEST_F(DispatchTest, HasNothingToDoWithAStrangerThatHasNoLane) {
  begin(1);
  receive(presence(kAnn), "");
  EXPECT_FALSE(dispatch_->knows(kAnn));
  EXPECT_TRUE(decide().open.empty());
}

TEST_F(DispatchTest, BelievesNothingOfAWorkerWithoutALaneThatHasNeverAnswered) {
  begin(3);
  Presence claims = presence(kAnn);
  claims.ventilator = VentilatorId::none;
  receive(claims);
  decide();
  claims.running = {{1, 3}};
  receive(claims, "");
  EXPECT_EQ(dispatch_->outstanding(), 0U);
}

TEST_F(DispatchTest, WaitsBeforeARetryIfAsked) {
  begin(1, {.retries = 1, .retry_delay = 1s});
  connect(kAnn);
  tasks();
  receipt(kAnn, {1, 1}, 50ms, Verdict::retry, 1);
  EXPECT_EQ(tasks(), Given{});
  EXPECT_LE(dispatch_->deadline(), now_ + 1s);
  now_ += 1s;
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}}));
}

TEST_F(DispatchTest, TellsWorkersToKillWhatRunsAndToGiveBackTheRestWhenItAborts) {
  begin(5);
  connect(kAnn);
  tasks();
  dispatch_->stop(true);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_TRUE(orders.send[0].abort);
  EXPECT_EQ(orders.send[0].recalled, (Ranges{{1, 1}})) << "it may not have started it";
  EXPECT_TRUE(orders.send[0].tasks.empty());
  EXPECT_TRUE(decide().send.empty()) << "once is enough";
  receive(presence(kAnn));
  EXPECT_EQ(dispatch_->outstanding(), 0U);
}

TEST_F(DispatchTest, TellsAWorkerThatComesLaterToKillWhatRunsToo) {
  begin(5);
  dispatch_->stop(true);
  Presence first = presence(kAnn);
  first.running = {{1, 1}};
  receive(first);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_TRUE(orders.send[0].abort);
}

TEST_F(DispatchTest, TellsWorkersOnceWhenTheSinkWantsLiveOutput) {
  begin(5);
  connect(kAnn);
  tasks();
  dispatch_->live(true);
  dispatch_->live(true);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_TRUE(orders.send[0].live);
  dispatch_->live(true);
  EXPECT_TRUE(decide().send.empty());
  receive(presence(kBob));
  const auto greeting = decide();
  ASSERT_EQ(greeting.send.size(), 1U);
  EXPECT_TRUE(greeting.send[0].live) << "who comes later is told, too";
}

TEST_F(DispatchTest, AbortsAgainWhenTheLaneWasCut) {
  begin(1);
  connect(kAnn);
  tasks();
  Presence unanswered = presence(kAnn);
  dispatch_->stop(true);
  decide();
  for (int i = 0; i < 5; ++i) {
    now_ += 1s;
    receive(unanswered);
  }
  ASSERT_EQ(decide().open.size(), 1U);
  Presence running = presence(kAnn);
  running.running = {{1, 1}};
  receive(running);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_TRUE(orders.send[0].abort);
  EXPECT_EQ(orders.send[0].recalled, (Ranges{{1, 1}}));
}

TEST_F(DispatchTest, TakesATaskForLostThatLostThreeWorkers) {
  begin(1);
  for (std::uint64_t id = 1; id <= 3; ++id) {
    EXPECT_TRUE(dispatch_->take_lost_tasks().empty());
    connect(WorkerId{id});
    EXPECT_EQ(tasks().size(), 1U);
    lose(WorkerId{id});
    decide();
  }
  EXPECT_EQ(dispatch_->take_lost_tasks(), (std::vector<TaskId>{1}));
  EXPECT_EQ(dispatch_->pending(), 0U);
  receipt(WorkerId::none, {1, 1}, 0s, Verdict::failed);
  EXPECT_EQ(dispatch_->recorded(), 1U);
  EXPECT_EQ(dispatch_->failed(), 1U);
}

TEST_F(DispatchTest, TakesTheLateResultOfAWorkerThatWasThoughtGone) {
  begin(1);
  connect(kAnn);
  tasks();
  lose(kAnn);
  decide();
  receipt(kAnn, {1, 1});
  EXPECT_EQ(dispatch_->recorded(), 1U);
  EXPECT_EQ(dispatch_->pending(), 0U) << "not to be run again";
}

TEST_F(DispatchTest, LetsAWorkerThatComesBackKeepWhatItHolds) {
  begin(2);
  connect(kAnn);
  tasks();
  lose(kAnn);
  decide();
  connect(kAnn);
  Presence back = presence(kAnn);
  back.running = {{1, 1}};
  receive(back);
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
  receive(old);
  decide();
  Presence answer = presence(kAnn);
  answer.running = old.running;
  answer.finished = old.finished;
  receive(answer);
  dispatch_->input(4);
  EXPECT_EQ(dispatch_->pending(), 2U);
  receipt(WorkerId::none, {1, 1}, 0s);
  EXPECT_EQ(dispatch_->recorded(), 1U);
  EXPECT_EQ(dispatch_->outstanding(), 1U) << "released, whoever had it";
}

TEST_F(DispatchTest, RecallsWhatIsQueuedAtOneWorkerButGivenToAnother) {
  begin(1);
  connect(kAnn);
  tasks();
  connect(kBob);
  Presence stray = presence(kBob);
  stray.queued = {{1, 1}};
  receive(stray);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_EQ(orders.send[0].worker, kBob);
  EXPECT_EQ(orders.send[0].recalled, (Ranges{{1, 1}}));
}

TEST_F(DispatchTest, TakesBackWhatALaneHasLost) {
  begin(2);
  connect(kAnn);
  tasks();
  receive(presence(kAnn));
  EXPECT_EQ(dispatch_->outstanding(), 0U);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_EQ(orders.send[0].tasks, (Assignments{{.ids = {1, 1}}})) << "without a strike";
}

TEST_F(DispatchTest, DoesNotTakeATaskForLostThatIsStillUnderWay) {
  begin(2);
  connect(kAnn);
  const std::uint64_t before = sequence_;
  tasks();
  Presence earlier = presence(kAnn);
  earlier.sequence = before;
  receive(earlier);
  EXPECT_EQ(dispatch_->outstanding(), 1U);
  EXPECT_EQ(tasks(), Given{});
}

TEST_F(DispatchTest, SettlesAFinishedTaskAgainThatIsRecorded) {
  begin(1);
  connect(kAnn);
  tasks();
  receipt(WorkerId::none, {1, 1});
  decide();
  Presence waiting = presence(kAnn);
  waiting.finished = {{1, 1}};
  receive(waiting);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_EQ(orders.send[0].settled, (std::vector<Settled>{{{1, 1}, kAnyAttempt}}));
}

TEST_F(DispatchTest, RetriesAFailedTaskWithItsNextAttempt) {
  begin(1, {.retries = 2});
  connect(kAnn);
  tasks();
  receipt(kAnn, {1, 1}, 50ms, Verdict::retry, 1);
  auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_EQ(orders.send[0].tasks, (Assignments{{.ids = {1, 1}, .attempt = 2, .attempts = 3}}));

  receipt(kAnn, {1, 1}, 50ms, Verdict::retry, 1);
  orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_TRUE(orders.send[0].tasks.empty()) << "old news: the second attempt is under way";
}

TEST_F(DispatchTest, StrikesNoTaskThatWasOnItsWayWhenItsWorkerSaidFarewell) {
  begin(10);
  connect(kAnn);
  Presence farewell = presence(kAnn, 0);  // it has seen the greeting only
  EXPECT_EQ(tasks(), (Given{{kAnn, {{1, 1}}}}));
  receive(farewell);
  EXPECT_EQ(closed(), (std::vector<WorkerId>{kAnn}));
  connect(kBob);
  const auto orders = decide();
  ASSERT_EQ(orders.send[0].tasks.size(), 1U);
  EXPECT_EQ(orders.send[0].tasks[0].ids.first, 1U);
  EXPECT_EQ(orders.send[0].tasks[0].attempt, 1U);
}

TEST_F(DispatchTest, GivesALeavingWorkerNothingAndTakesBackWhatItDropped) {
  begin(10);
  connect(kAnn, 2);
  tasks();
  Presence leaving = presence(kAnn, 0);
  leaving.running = {{1, 1}};
  receive(leaving);
  EXPECT_EQ(tasks(), Given{});
  EXPECT_EQ(dispatch_->outstanding(), 1U);
  receipt(kAnn, {1, 1});
  decide();
  receive(presence(kAnn, 0));
  EXPECT_EQ(closed(), (std::vector<WorkerId>{kAnn}));
  connect(kBob);
  const auto orders = decide();
  ASSERT_EQ(orders.send[0].tasks.size(), 1U);
  EXPECT_EQ(orders.send[0].tasks[0].ids.first, 2U);
  EXPECT_EQ(orders.send[0].tasks[0].attempt, 1U) << "without a strike";
}

TEST_F(DispatchTest, HandsNothingOutOnceStoppedAndRecallsAll) {
  begin(100);
  connect(kAnn);
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
  const auto introduce = [this](std::uint64_t worker) {
    Presence first = presence(WorkerId{worker});
    first.ventilator = VentilatorId::none;
    return dispatch_->presence(first, "inbox", now_);
  };
  for (std::uint64_t worker = 1; worker <= kMaxUnanswered; ++worker) EXPECT_TRUE(introduce(worker));
  EXPECT_FALSE(introduce(kMaxUnanswered + 1));
  EXPECT_EQ(decide().open.size(), kMaxUnanswered);
  now_ += 1s;
  for (std::uint64_t worker = 1; worker <= kMaxUnanswered; ++worker) EXPECT_TRUE(introduce(worker));
  now_ += 2s;
  EXPECT_TRUE(introduce(kMaxUnanswered + 1));
  EXPECT_EQ(decide().close.size(), 1U);
}

TEST_F(DispatchTest, BelievesNothingThatAWorkerSaysBeforeItHasAnswered) {
  begin(1);
  for (std::uint64_t worker = 5; worker < 10; ++worker) {
    Presence claim = presence(WorkerId{worker});
    claim.ventilator = VentilatorId::none;
    claim.running = {{1, 1}};
    receive(claim);
    EXPECT_EQ(dispatch_->pending(), 1U);
    lose(WorkerId{worker});
    EXPECT_EQ(dispatch_->pending(), 1U);
  }
  EXPECT_TRUE(dispatch_->take_lost_tasks().empty());
}

TEST_F(DispatchTest, TakesClaimsForTasksThatAreNotReadYetUpToALimit) {
  begin(0);
  for (std::uint64_t worker = 1; worker <= 3; ++worker) {
    connect(WorkerId{worker});
    Presence claim = presence(WorkerId{worker});
    claim.running = {{worker << 40, kMaxClaimed / 2}};
    receive(claim);
  }
  EXPECT_EQ(dispatch_->outstanding(), kMaxClaimed);
}

TEST_F(DispatchTest, SettlesAndRecallsWhatIsNotInTheInput) {
  begin(3);
  dispatch_->input(3, true);
  connect(kAnn);
  decide();
  Presence claim = presence(kAnn);
  claim.running = {{1, 1}};
  claim.queued = {{3, 2}};
  claim.finished = {{2, 1}, {7, 5}};
  receive(claim);
  EXPECT_EQ(dispatch_->outstanding(), 3U);
  const auto orders = decide();
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_EQ(orders.send[0].recalled.front(), (Range{4, 1}));
  EXPECT_EQ(orders.send[0].settled, (std::vector<Settled>{{{7, 5}, kAnyAttempt}}));
}

}  // namespace
}  // namespace divvy::ventilator
