#include "sink/rules/figures.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <string>

#include "sink/some_figures.hpp"

namespace divvy::sink {
namespace {

using namespace std::chrono_literals;

TEST(Figures, AddUpTheWorkOfEachWorkerAndOfAll) {
  Figures figures;
  record(figures, "a:1", took(2s));
  record(figures, "a:1", took(4s));
  record(figures, "b:2", took(1s));
  EXPECT_EQ(figures.all.tasks, 3U);
  EXPECT_EQ(figures.all.work, 7s);
  EXPECT_EQ(figures.workers.at("a:1").mean(), 3s);
  EXPECT_EQ(figures.workers.at("a:1").longest, 4s);
}

TEST(Figures, OfSeveralBatchesAreSumsAndTheLongestTimes) {
  Figures one = half_done();
  Figures two = half_done();
  two.elapsed = 10s;
  two.time_left = 40s;
  two.retried = 3;
  two.counted = false;
  const Figures both = Figures::together(std::array<const Figures*, 2>{&one, &two});
  EXPECT_EQ(both.batches, 2U);
  EXPECT_EQ(both.recorded, 100U);
  EXPECT_EQ(both.tasks, 200U);
  EXPECT_EQ(both.failed, 4U);
  EXPECT_EQ(both.retried, 3U);
  EXPECT_EQ(both.busy_slots, 8U);
  EXPECT_EQ(both.elapsed, 25s);
  EXPECT_EQ(both.time_left, Seconds(40));
  EXPECT_FALSE(both.counted) << "of one more tasks may come";
}

TEST(Figures, OfSeveralBatchesKnowNoTimeLeftIfOneOfThemDoesNot) {
  const Figures one = half_done();
  Figures two = half_done();
  two.time_left.reset();
  EXPECT_FALSE(Figures::together(std::array<const Figures*, 2>{&one, &two}).time_left);
}

TEST(Figures, CountManyBriefTasksOfOneResultOneByOne) {
  Figures figures;
  record(figures, "a:1", took(1s, 10));
  EXPECT_EQ(figures.all.tasks, 10U);
  EXPECT_EQ(figures.all.longest, 100ms);
}

TEST(Figures, KnowHowLongEachTaskOfAResultTook) {
  Figures figures;
  Result result = took(10s, 3);
  result.took = {1'000'000'000, 5'000'000'000, 2'000'000'000};
  figures.add_attempts("a:1", {2, 2}, result);
  EXPECT_EQ(figures.all.attempts, 2U);
  EXPECT_EQ(figures.all.work, 7s);
  EXPECT_EQ(figures.all.longest, 5s);
}

TEST(Figures, CountOfAResultThatIsInPartADuplicateOnlyTheRest) {
  Figures figures;
  figures.add_attempts("a:1", {1, 4}, took(1s, 10));
  figures.add_attempts("a:1", {8, 1}, took(1s, 10));
  EXPECT_EQ(figures.all.attempts, 5U);
  EXPECT_EQ(figures.all.work, 500ms);
}

TEST(Figures, BearAnyTimesThatAMessageMayHave) {
  const Figures figures = largest();
  EXPECT_GT(figures.all.work, 9.9 * Seconds(std::chrono::nanoseconds(kMaxNanoseconds)));
}

TEST(Figures, KeepNoMoreWorkersThanTheLimit) {
  Figures figures;
  for (std::size_t i = 0; i < kMaxWorkerFigures + 5; ++i)
    record(figures, std::to_string(i), took(1s));
  EXPECT_EQ(figures.workers.size(), kMaxWorkerFigures);
  EXPECT_EQ(figures.all.tasks, kMaxWorkerFigures + 5);
}

TEST(Figures, CountAttemptsThatAreNotRecordedAsWork) {
  Figures figures;
  record(figures, "a:1", took(2s));
  figures.add_attempts("a:1", {1, 1}, took(4s));
  EXPECT_EQ(figures.all.tasks, 1U);
  EXPECT_EQ(figures.all.attempts, 2U);
  EXPECT_EQ(figures.all.work, 6s);
  EXPECT_EQ(figures.all.mean(), 3s);
}

TEST(Figures, AddUpTheCpuTimeAndKnowTheLargestTask) {
  Figures figures;
  figures.elapsed = 2s;
  Result result = took(1s);
  result.cpu = 3'000'000'000;
  result.max_rss = 200;
  figures.add_attempts("a:1", {1, 1}, result);
  result.max_rss = 100;
  figures.add_attempts("b:2", {1, 1}, result);
  EXPECT_EQ(figures.all.cores_used(figures.elapsed), 3);
  EXPECT_EQ(figures.all.max_rss, 200U);
  EXPECT_EQ(figures.workers.at("b:2").cpu, 3s);
  EXPECT_EQ(figures.workers.at("b:2").max_rss, 100U);
}

TEST(Figures, KnowSpeedUpAndEfficiency) {
  const Figures figures = half_done();
  EXPECT_DOUBLE_EQ(figures.speed_up(), 4);
  EXPECT_DOUBLE_EQ(figures.efficiency(), 1);
}

TEST(Figures, OfNothingAreZeros) {
  const Figures figures;
  EXPECT_EQ(figures.speed_up(), 0);
  EXPECT_EQ(figures.efficiency(), 0);
  EXPECT_FALSE(figures.time_left);
}

TEST(Figures, DoNotCountALostTaskAsAWorkers) {
  Figures figures;
  Result lost = took(0s);
  lost.outcome = Outcome::lost;
  record(figures, "ventilator", lost);
  EXPECT_TRUE(figures.workers.empty());
}

TEST(Figures, DoNotWrapIfMoreIsRecordedThanThereIs) {
  Figures figures;
  figures.tasks = 3;
  figures.recorded = 4;
  figures.counted = figures.complete = true;
  figures.slots = 1;
  record(figures, "a:1", {.ids = {1, 1}, .outcome = Outcome::exited, .ended = 1});
  EXPECT_EQ(figures.unknown(), 0U);
}

}  // namespace
}  // namespace divvy::sink
