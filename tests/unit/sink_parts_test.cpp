// What the sink tells people: figures, progress, failures.
#include <gtest/gtest.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <string>

#include "sink/failure.hpp"
#include "sink/figures.hpp"
#include "sink/progress.hpp"

namespace divvy::sink {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

Result took(nanoseconds time, std::uint64_t count = 1) {
  Result result;
  result.ids = {1, count};
  result.outcome = count > 1 ? Outcome::slept : Outcome::exited;
  result.started = 1000;
  result.ended = 1000 + time.count();
  return result;
}

Figures half_done() {
  Figures figures;
  figures.tasks = 100;
  figures.counted = true;
  figures.recorded = 50;
  figures.failed = 2;
  figures.workers_there = 2;
  figures.slots = figures.most_slots = figures.busy = 4;
  figures.elapsed = 25s;
  for (int i = 0; i < 50; ++i) figures.add(i % 2 == 0 ? "a:1" : "b:2", 1, took(2s));
  return figures;
}

TEST(Figures, AddUpTheWorkOfEachWorkerAndOfAll) {
  Figures figures;
  figures.add("a:1", 1, took(2s));
  figures.add("a:1", 1, took(4s));
  figures.add("b:2", 1, took(1s));
  EXPECT_EQ(figures.all.tasks, 3U);
  EXPECT_EQ(figures.all.busy, 7s);
  EXPECT_EQ(figures.workers.at("a:1").mean(), 3s);
  EXPECT_EQ(figures.workers.at("a:1").longest, 4s);
}

TEST(Figures, CountManyBriefTasksOfOneResultOneByOne) {
  Figures figures;
  figures.add("a:1", 10, took(1s, 10));
  EXPECT_EQ(figures.all.tasks, 10U);
  EXPECT_EQ(figures.all.longest, 100ms);
}

TEST(Figures, BearAnyTimesThatAMessageMayHave) {
  Figures figures = half_done();
  Result forever = took(1s);
  forever.started = 0;
  forever.ended = kMaxNanoseconds;
  for (int i = 0; i < 10; ++i) figures.add("a:1", 1, forever);
  figures.tasks = ~std::uint64_t{0};
  EXPECT_GT(figures.all.busy, 9.9 * Seconds(std::chrono::nanoseconds(forever.ended)));
  EXPECT_NE(clock(*figures.time_left()), "");
  EXPECT_NE(table(figures), "");
}

TEST(Figures, KeepNoMoreWorkersThanAVentilatorMayHave) {
  Figures figures;
  for (std::size_t i = 0; i < kMaxWorkers + 5; ++i) figures.add(std::to_string(i), 1, took(1s));
  EXPECT_EQ(figures.workers.size(), kMaxWorkers);
  EXPECT_EQ(figures.all.tasks, kMaxWorkers + 5);
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
  EXPECT_FALSE(figures.time_left());
}

TEST(Figures, EstimateTheTimeLeftFromHowLongTasksTook) {
  Figures figures = half_done();
  EXPECT_EQ(figures.time_left(), 25s);  // 50 tasks of 2 s in 4 slots
  figures.counted = false;
  EXPECT_FALSE(figures.time_left());
}

TEST(Figures, DoNotCountATaskThatIsGivenUpAsAWorkers) {
  Figures figures;
  Result lost = took(0s);
  lost.outcome = Outcome::lost;
  figures.add("ventilator", 1, lost);
  EXPECT_TRUE(figures.workers.empty());
}

TEST(Figures, BecomeATableOfTotalsAndWorkers) {
  EXPECT_EQ(table(half_done()),
            "50 tasks, 2 failed, 0 retried, 0 duplicates\n"
            "1:40 of work in 25.00 s: speed-up 4.00, efficiency 100% of 4 slots\n"
            "worker     tasks  failed   busy      mean   longest\n"
            "a:1           25       0   200%    2.00 s    2.00 s\n"
            "b:2           25       0   200%    2.00 s    2.00 s\n");
  EXPECT_TRUE(table(half_done(), 1).ends_with("... (all of them: --summary)\n"));
}

TEST(Figures, BecomeJsonWithAVersionWhateverTheNames) {
  Figures figures = half_done();
  figures.name = "caf\xe9 \"x\"";
  figures.complete = true;
  const auto summary = nlohmann::json::parse(json(figures));
  EXPECT_EQ(summary["version"], 1);
  EXPECT_EQ(summary["recorded"], 50);
  EXPECT_EQ(summary["unknown"], 50);
  EXPECT_EQ(summary["workers"].size(), 2U);
  EXPECT_EQ(summary["workers"][0]["busy_seconds"], 50.0);
}

TEST(Duration, IsAsFineAsMatters) {
  EXPECT_EQ(duration(520us), "0.52 ms");
  EXPECT_EQ(duration(52ms), "52 ms");
  EXPECT_EQ(duration(5200ms), "5.20 s");
  EXPECT_EQ(duration(62s), "1:02");
  EXPECT_EQ(duration(3723s), "1:02:03");
}

TEST(ProgressLine, TellsAllThereIsToTell) {
  EXPECT_EQ(progress_line(half_done(), 120, false),
            "50/100  [====================>                   ]  2.0/s  2 failed  4 running  "
            "2 workers  0:25  ETA 0:25");
}

TEST(ProgressLine, NeverIsWiderThanTheTerminal) {
  for (std::size_t width = 1; width < 130; ++width) {
    EXPECT_LE(progress_line(half_done(), width, false).size(), width);
  }
}

TEST(ProgressLine, LeavesOutWhatMattersLeastFirst) {
  EXPECT_EQ(progress_line(half_done(), 30, false), "50/100  2 failed  ETA 0:25");
}

TEST(ProgressLine, HasNoBarWhileMoreTasksMayCome) {
  Figures figures = half_done();
  figures.counted = false;
  EXPECT_EQ(progress_line(figures, 100, false),
            "50/100+  2.0/s  2 failed  4 running  2 workers  0:25");
}

TEST(ProgressLine, ShowsFailuresInRedOnlyIfColourIsWanted) {
  EXPECT_NE(progress_line(half_done(), 100, true).find("\x1b[31m2 failed\x1b[0m"),
            std::string::npos);
  EXPECT_EQ(progress_line(half_done(), 100, false).find('\x1b'), std::string::npos);
}

TEST(Failure, IsOneLineThatSaysHowAndWhere) {
  Result result = took(1s);
  std::string texts;
  append_text(texts, "the task");
  result.texts = texts;
  result.status = 7;
  EXPECT_EQ(failure_line("a:1", result), "task 1 failed, exit status 7, on a:1: the task");
  result.outcome = Outcome::signalled;
  result.status = 11;
  EXPECT_EQ(failure_line("a:1", result),
            "task 1 failed, killed by signal 11 (Segmentation fault), on a:1: the task");
}

TEST(Failure, ComesWithTheLastLinesOfItsErrors) {
  Result result;
  result.errors = "one\ntwo\nthree\nfour\n";
  EXPECT_EQ(last_errors(result), (std::vector<std::string>{"  | two", "  | three", "  | four"}));
  result.errors = "only";
  EXPECT_EQ(last_errors(result), (std::vector<std::string>{"  | only"}));
  result.errors = "";
  EXPECT_TRUE(last_errors(result).empty());
}

}  // namespace
}  // namespace divvy::sink
