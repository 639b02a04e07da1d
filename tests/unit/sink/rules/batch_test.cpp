#include "sink/rules/batch.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace divvy::sink {
namespace {

using namespace std::chrono_literals;
using Ranges = std::vector<Range>;

constexpr VentilatorId kVentilator{10};
constexpr VentilatorId kNextVentilator{11};
constexpr BatchId kBatch{20};
constexpr WorkerId kWorker{1};

// Plays ventilator and worker to a Batch.
class BatchTest : public testing::Test {
 protected:
  static Announcement announcement(std::uint64_t tasks, BatchState state = BatchState::closed) {
    return {.ventilator = kVentilator, .batch = kBatch, .state = state, .tasks = tasks};
  }

  bool update(const Announcement& announcement) { return batch_.update(announcement, now_); }

  // A task that took so long has ended now.
  Tally::Ruling record(Range ids, std::chrono::nanoseconds time = 0ns, std::int32_t status = 0) {
    return batch_.record({.worker = kWorker, .name = "w", .batch = kBatch},
                         {.ids = ids,
                          .outcome = Outcome::exited,
                          .status = status,
                          .started = 1000,
                          .ended = 1000 + time.count()},
                         now_);
  }

  Batch batch_{kBatch, "name", false};
  Time now_{1h};
};

TEST_F(BatchTest, TellsAnAnnouncementOfANewVentilatorFromARepeatedOne) {
  EXPECT_TRUE(update(announcement(3)));
  EXPECT_FALSE(update(announcement(4)));
  Announcement next = announcement(4);
  next.ventilator = kNextVentilator;
  EXPECT_TRUE(update(next));
  EXPECT_FALSE(update(next));
}

TEST_F(BatchTest, AnswersTheVentilatorThatAnnouncedItLast) {
  update(announcement(3));
  EXPECT_EQ(batch_.message({}).ventilator, kVentilator);
  EXPECT_EQ(batch_.message({}).batch, kBatch);
  Announcement next = announcement(3);
  next.ventilator = kNextVentilator;
  update(next);
  EXPECT_EQ(batch_.message({}).ventilator, kNextVentilator);
}

TEST_F(BatchTest, IsResumedOnceASecondVentilatorAnnouncesIt) {
  update(announcement(3));
  EXPECT_FALSE(batch_.message({}).resumed);
  update(announcement(3));
  EXPECT_FALSE(batch_.message({}).resumed);
  Announcement next = announcement(3);
  next.ventilator = kNextVentilator;
  update(next);
  EXPECT_TRUE(batch_.message({}).resumed);
  update(next);
  EXPECT_TRUE(batch_.message({}).resumed);
}

TEST_F(BatchTest, IsResumedIfItWasBegunBefore) {
  Batch batch(kBatch, "name", true);
  EXPECT_TRUE(batch.message({}).resumed);
  batch.update(announcement(3), now_);
  EXPECT_TRUE(batch.message({}).resumed);
}

TEST_F(BatchTest, LeavesAReceiptForEachResult) {
  update(announcement(5));
  record({2, 1}, 50ms);
  record({3, 1}, 70ms, 7);
  record({2, 1}, 60ms);
  const auto& receipts = batch_.unsent_receipts();
  ASSERT_EQ(receipts.size(), 3U);
  EXPECT_EQ(receipts[0].worker, kWorker);
  EXPECT_EQ(receipts[0].ids, (Range{2, 1}));
  EXPECT_EQ(receipts[0].attempt, 1U);
  EXPECT_EQ(receipts[0].verdict, Verdict::succeeded);
  EXPECT_EQ(receipts[0].duration, 50'000'000U);
  EXPECT_EQ(receipts[1].verdict, Verdict::failed);
  EXPECT_EQ(receipts[1].duration, 70'000'000U);
  EXPECT_EQ(receipts[2].verdict, Verdict::succeeded) << "also for one that comes again";
  EXPECT_EQ(batch_.message(receipts).receipts.size(), 3U);
  batch_.receipts_sent();
  EXPECT_TRUE(batch_.unsent_receipts().empty());
}

TEST_F(BatchTest, LeavesAReceiptAlsoForAnAttemptThatIsNotTheLast) {
  update(announcement(5));
  const Result failed{
      .ids = {1, 1}, .attempt = 1, .attempts = 2, .outcome = Outcome::exited, .status = 1};
  const auto ruling = batch_.record({.worker = kWorker, .batch = kBatch}, failed, now_);
  EXPECT_TRUE(ruling.recorded.empty());
  ASSERT_EQ(batch_.unsent_receipts().size(), 1U);
  EXPECT_EQ(batch_.unsent_receipts()[0].verdict, Verdict::retry);
  EXPECT_EQ(batch_.figures_at(now_).recorded, 0U);
  EXPECT_EQ(batch_.figures_at(now_).retried, 1U);
}

TEST_F(BatchTest, RecordsEachTaskOnce) {
  update(announcement(5));
  EXPECT_EQ(record({1, 1}).recorded, (Ranges{{1, 1}}));
  EXPECT_TRUE(record({1, 1}).recorded.empty());
  EXPECT_EQ(batch_.figures_at(now_).recorded, 1U);
  EXPECT_EQ(batch_.figures_at(now_).duplicates, 1U);
  EXPECT_EQ(batch_.figures_at(now_).all.tasks, 1U);
}

TEST_F(BatchTest, HasTheTasksThatTheVentilatorHasCounted) {
  update(announcement(5, BatchState::open));
  EXPECT_TRUE(batch_.has({100, 1})) << "more may come";
  update(announcement(5));
  EXPECT_TRUE(batch_.has({5, 1}));
  EXPECT_TRUE(batch_.has({1, 5}));
  EXPECT_FALSE(batch_.has({6, 1}));
  EXPECT_FALSE(batch_.has({5, 2}));
}

TEST_F(BatchTest, StatesWhatIsRecordedAnewToANewVentilator) {
  EXPECT_EQ(batch_.unstated(), 1U);
  update(announcement(2));
  record({1, 1});
  batch_.stated_until(std::nullopt);
  update(announcement(2));
  EXPECT_FALSE(batch_.unstated());
  Announcement next = announcement(2);
  next.ventilator = kNextVentilator;
  update(next);
  EXPECT_EQ(batch_.unstated(), 1U);
  const auto receipts = batch_.recorded_from(1).receipts;
  ASSERT_EQ(receipts.size(), 1U);
  EXPECT_EQ(receipts[0].worker, WorkerId::none);
  EXPECT_EQ(receipts[0].ids, (Range{1, 1}));
}

TEST_F(BatchTest, IsRefusedToASecondVentilatorWhileTheFirstOneIsThere) {
  EXPECT_EQ(batch_.claim(kVentilator, now_), Batch::Claim::accepted);
  update(announcement(3));
  EXPECT_EQ(batch_.claim(kVentilator, now_), Batch::Claim::accepted);
  EXPECT_EQ(batch_.claim(kNextVentilator, now_), Batch::Claim::open);
  now_ += 500ms;
  EXPECT_EQ(batch_.claim(kNextVentilator, now_), Batch::Claim::open);
  update(announcement(3));
  EXPECT_EQ(batch_.claim(kNextVentilator, now_), Batch::Claim::open) << "it may have come late";
  now_ += 1s;
  EXPECT_EQ(batch_.claim(kNextVentilator, now_), Batch::Claim::open);
  update(announcement(3));
  EXPECT_EQ(batch_.claim(kNextVentilator, now_), Batch::Claim::refused);
}

TEST_F(BatchTest, IsTakenOverByTheNextVentilatorOfOneThatIsGone) {
  update(announcement(3));
  EXPECT_EQ(batch_.claim(kNextVentilator, now_ + 1s), Batch::Claim::open);
  EXPECT_EQ(batch_.claim(kNextVentilator, now_ + 3s), Batch::Claim::accepted) << "it is silent";
  batch_.ventilator_disconnected();
  EXPECT_EQ(batch_.claim(kNextVentilator, now_ + 1s), Batch::Claim::accepted);
  update(announcement(3));
  EXPECT_EQ(batch_.claim(kNextVentilator, now_ + 1s), Batch::Claim::open) << "it is back";
}

TEST_F(BatchTest, RecordsAndAnswersNothingOfAnInterruptedTask) {
  update(announcement(3));
  const Result result{.ids = {1, 1}, .outcome = Outcome::interrupted};
  EXPECT_TRUE(batch_.record({.worker = kWorker, .batch = kBatch}, result, now_).recorded.empty());
  EXPECT_TRUE(batch_.unsent_receipts().empty());
  const Figures& figures = batch_.figures_at(now_);
  EXPECT_EQ(figures.recorded + figures.retried + figures.duplicates, 0U);
}

TEST_F(BatchTest, CountsEachAttemptAsWorkOnceWhateverBecameOfIt) {
  update(announcement(3));
  const auto ends = [&](std::int64_t started, Outcome outcome, std::uint32_t attempt) {
    const Result result{.ids = {1, 1},
                        .attempt = attempt,
                        .attempts = 3,
                        .slot = 1,
                        .outcome = outcome,
                        .status = attempt < 3 ? 1 : 0,
                        .started = started,
                        .ended = started + 1'000'000'000};
    return batch_.record({.worker = kWorker, .name = "w", .batch = kBatch}, result, now_).ended;
  };
  const Ranges all{{1, 1}};
  EXPECT_EQ(ends(10, Outcome::exited, 1), all) << "tried again";
  EXPECT_EQ(ends(10, Outcome::exited, 1), Ranges{}) << "sent again";
  EXPECT_EQ(ends(20, Outcome::interrupted, 2), all);
  EXPECT_EQ(ends(30, Outcome::exited, 3), all) << "recorded";
  EXPECT_EQ(ends(40, Outcome::exited, 3), all) << "came too late";
  const Figures& figures = batch_.figures_at(now_);
  EXPECT_EQ(figures.all.work, 4s);
  EXPECT_EQ(figures.all.attempts, 4U);
  EXPECT_EQ(figures.all.tasks, 1U);
}

TEST_F(BatchTest, KnowsHowManySlotsThereWereOnAnAverage) {
  Announcement said = announcement(3);
  said.slots = 2;
  update(said);
  EXPECT_EQ(batch_.figures_at(now_).mean_slots, 0) << "it has not begun";
  now_ += 1h;
  said.elapsed = std::chrono::nanoseconds(1s).count();
  update(said);
  said.slots = 5;
  now_ += 1s;
  update(said);
  EXPECT_EQ(batch_.figures_at(now_ + 1s).mean_slots, 5);
  said.slots = 2;
  now_ += 4s;
  update(said);
  EXPECT_EQ(batch_.figures_at(now_ + 6s).mean_slots, 3.5) << "it may have changed at any time";
}

TEST_F(BatchTest, IsAbandonedIfItsVentilatorLeavesWhatRuns) {
  Announcement announced = announcement(3, BatchState::stopped);
  update(announced);
  EXPECT_FALSE(batch_.abandoned());
  announced.busy_slots = 1;
  update(announced);
  EXPECT_TRUE(batch_.abandoned());
  announced.state = BatchState::complete;
  update(announced);
  EXPECT_FALSE(batch_.abandoned());
}

TEST_F(BatchTest, IsOverWhenTheVentilatorSaysSo) {
  for (const BatchState state : {BatchState::complete, BatchState::stopped}) {
    Batch batch(kBatch, "name", false);
    batch.update(announcement(2), now_);
    EXPECT_FALSE(batch.over(now_));
    batch.update(announcement(2, state), now_);
    EXPECT_TRUE(batch.over(now_));
  }
}

TEST_F(BatchTest, IsOverAfterThreeSecondsOfSilenceIfAllIsRecorded) {
  update(announcement(2));
  EXPECT_EQ(batch_.deadline(), std::nullopt);
  record({1, 1});
  EXPECT_FALSE(batch_.all_recorded());
  record({2, 1});
  EXPECT_TRUE(batch_.all_recorded());
  EXPECT_EQ(batch_.deadline(), now_ + 3s);
  EXPECT_FALSE(batch_.over(now_ + 3s - 1ns));
  EXPECT_TRUE(batch_.over(now_ + 3s));

  now_ += 2s;
  update(announcement(2));
  EXPECT_FALSE(batch_.over(now_ + 1s)) << "the ventilator is there";
  EXPECT_EQ(batch_.deadline(), now_ + 3s);
}

TEST_F(BatchTest, IsNotOverForASilenceWhileTasksAreMissingOrMoreMayCome) {
  update(announcement(1, BatchState::open));
  record({1, 1});
  EXPECT_FALSE(batch_.all_recorded());
  EXPECT_FALSE(batch_.over(now_ + 1h));
  update(announcement(2));
  EXPECT_FALSE(batch_.over(now_ + 1h));
  EXPECT_EQ(batch_.deadline(), std::nullopt);
  EXPECT_FALSE(batch_.ventilator_gone(now_ + 3s - 1ns));
  EXPECT_TRUE(batch_.ventilator_gone(now_ + 3s));
}

TEST_F(BatchTest, HasTheFiguresOfTheLatestAnnouncementAndOfAllResults) {
  update({.ventilator = kVentilator,
          .batch = kBatch,
          .state = BatchState::open,
          .tasks = 2,
          .workloads = true,
          .workers = 3,
          .slots = 9,
          .busy_slots = 5});
  EXPECT_TRUE(batch_.workloads());
  EXPECT_FALSE(batch_.figures_at(now_).counted);
  Announcement announced = announcement(4);
  announced.workers = 1;
  announced.slots = 2;
  announced.busy_slots = 1;
  update(announced);
  EXPECT_FALSE(batch_.workloads());
  record({1, 1}, 2s);
  record({2, 1}, 4s, 1);
  const Figures& figures = batch_.figures_at(now_);
  EXPECT_EQ(figures.name, "name");
  EXPECT_EQ(figures.tasks, 4U);
  EXPECT_TRUE(figures.counted);
  EXPECT_FALSE(figures.complete);
  EXPECT_EQ(figures.recorded, 2U);
  EXPECT_EQ(figures.failed, 1U);
  EXPECT_EQ(figures.workers_there, 1U);
  EXPECT_EQ(figures.slots, 2U);
  EXPECT_EQ(figures.busy_slots, 1U);
  EXPECT_EQ(figures.most_slots, 9U);
  EXPECT_EQ(figures.all.work, 6s);
  EXPECT_EQ(figures.workers.at("w").failed, 1U);
}

TEST_F(BatchTest, IsCompleteIfTheVentilatorSaysSoOrAllIsRecorded) {
  update(announcement(1));
  EXPECT_FALSE(batch_.figures_at(now_).complete);
  record({1, 1});
  EXPECT_TRUE(batch_.figures_at(now_).complete);

  Batch second(kBatch, "name", false);
  second.update(announcement(5, BatchState::complete), now_);
  EXPECT_TRUE(second.figures_at(now_).complete);
  EXPECT_EQ(second.figures_at(now_).unknown(), 5U);
}

TEST_F(BatchTest, CountsWhatAnEarlierSinkHasRecorded) {
  batch_.restore({1, 1}, true);
  batch_.restore({2, 1}, false);
  update(announcement(3));
  EXPECT_EQ(batch_.figures_at(now_).recorded, 2U);
  EXPECT_EQ(batch_.figures_at(now_).restored, 2U);
  EXPECT_EQ(batch_.figures_at(now_).failed, 1U);
  EXPECT_EQ(batch_.figures_at(now_).all.tasks, 0U) << "how long they took is not known";
  EXPECT_TRUE(record({1, 1}).recorded.empty());
  EXPECT_TRUE(batch_.unsent_receipts()[0].verdict == Verdict::succeeded);
  batch_.forget_failed();
  EXPECT_EQ(record({2, 1}).recorded, (Ranges{{2, 1}}));
}

TEST_F(BatchTest, IsTimedFromWhatTellsOfTheEarliestStart) {
  Announcement announced = announcement(3);
  update(announced);
  EXPECT_FALSE(batch_.started());
  EXPECT_EQ(batch_.figures_at(now_ + 1h).elapsed, 0s);
  announced.elapsed = 1'000'000'000;
  update(announced);
  EXPECT_TRUE(batch_.started());
  EXPECT_EQ(batch_.figures_at(now_).elapsed, 1s);
  record({1, 1}, 5s);
  EXPECT_EQ(batch_.figures_at(now_).elapsed, 5s) << "it has begun before the announcement says";
  record({2, 1}, 2s);
  EXPECT_EQ(batch_.figures_at(now_ + 1s).elapsed, 6s);
}

TEST_F(BatchTest, CountsNoSlotsAfterItsLastResult) {
  Announcement said = announcement(2);
  said.slots = 4;
  said.elapsed = 1;
  update(said);
  now_ += 1s;
  record({1, 1}, 1s);
  for (int second = 0; second < 10; ++second) {
    now_ += 1s;
    update(said);
  }
  EXPECT_NEAR(batch_.final_figures().mean_slots, 4, 0.001);
}

TEST_F(BatchTest, EndsWithItsLastResult) {
  update(announcement(2));
  record({1, 1}, 1s);
  now_ += 1s;
  record({2, 1}, 1s);
  now_ += 3s;
  record({2, 1}, 1s);
  EXPECT_EQ(batch_.figures_at(now_).elapsed, 5s);
  EXPECT_EQ(batch_.final_figures().elapsed, 2s) << "one that comes again is none";
}

TEST_F(BatchTest, CountsTheTimeLeftDownBetweenAnnouncements) {
  Announcement news = announcement(9);
  news.time_left = 8'000'000'000;
  update(news);
  EXPECT_EQ(batch_.figures_at(now_ + 3s).time_left, 5s);
  EXPECT_EQ(batch_.figures_at(now_ + 9s).time_left, 0s);
  news.time_left = 0;
  update(news);
  EXPECT_FALSE(batch_.figures_at(now_).time_left);
}

TEST_F(BatchTest, DoesNotWaverBetweenEstimatesThatAreAlmostTheSame) {
  Announcement news = announcement(9);
  news.time_left = 100'000'000'000;
  update(news);
  now_ += 1s;
  news.time_left = 102'000'000'000;
  update(news);
  EXPECT_EQ(batch_.figures_at(now_).time_left, 99s);
  now_ += 1s;
  news.time_left = 80'000'000'000;
  update(news);
  EXPECT_EQ(batch_.figures_at(now_).time_left, 80s);
}

TEST_F(BatchTest, KnowsForHowLongTheOldestTaskHasRun) {
  Announcement news = announcement(9);
  update(news);
  EXPECT_EQ(batch_.figures_at(now_ + 1s).oldest, 0U);
  news.oldest = 17;
  news.oldest_age = 5'000'000'000;
  update(news);
  EXPECT_EQ(batch_.figures_at(now_ + 1s).oldest, 17U);
  EXPECT_EQ(batch_.figures_at(now_ + 1s).oldest_age, 6s);
}

TEST_F(BatchTest, CountsWhatIsSkippedOnceAndAnswersNothing) {
  batch_.skip({1, 2});
  batch_.skip({1, 2});
  update(announcement(3));
  EXPECT_EQ(batch_.figures_at(now_).skipped, 2U);
  EXPECT_EQ(batch_.figures_at(now_).recorded, 2U);
  EXPECT_EQ(batch_.figures_at(now_).all.tasks, 0U) << "nobody has run them";
  EXPECT_TRUE(batch_.unsent_receipts().empty());
}

}  // namespace
}  // namespace divvy::sink
