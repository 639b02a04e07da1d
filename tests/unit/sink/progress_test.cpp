#include "sink/progress.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "sink/some_figures.hpp"

namespace divvy::sink {
namespace {

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

TEST(ProgressLine, IsOneForSeveralBatches) {
  const Figures figures = half_done();
  const Figures both = Figures::together(std::array<const Figures*, 2>{&figures, &figures});
  EXPECT_EQ(progress_line(both, 120, false),
            "100/200  [====================>                   ]  4 failed  8 running  2 batches  "
            "0:25  ETA 0:25");
  for (std::size_t width = 1; width < 130; ++width) {
    EXPECT_LE(progress_line(both, width, false).size(), width);
  }
}

TEST(ProgressLine, LeavesOutWhatMattersLeastFirst) {
  EXPECT_EQ(progress_line(half_done(), 30, false), "50/100  2 failed  ETA 0:25");
}

TEST(ProgressLine, CountsFailedAttempts) {
  Figures figures = half_done();
  figures.retried = 7;
  EXPECT_NE(progress_line(figures, 120, false).find("  2 failed  7 retried  4 running"),
            std::string::npos);
}

TEST(ProgressLine, NeverShowsMoreDoneThanKnown) {
  Figures figures = half_done();
  figures.counted = false;
  figures.tasks = 3;
  EXPECT_TRUE(progress_line(figures, 100, false).starts_with("50/50+  "));
}

TEST(ProgressLine, HasNoBarWhileMoreTasksMayCome) {
  Figures figures = half_done();
  figures.counted = false;
  figures.time_left.reset();
  EXPECT_EQ(progress_line(figures, 100, false),
            "50/100+  2.0/s  2 failed  4 running  2 workers  0:25");
}

TEST(ProgressLine, ShowsFailuresInRedOnlyIfColourIsWanted) {
  EXPECT_NE(progress_line(half_done(), 100, true).find("\x1b[31m2 failed\x1b[0m"),
            std::string::npos);
  EXPECT_EQ(progress_line(half_done(), 100, false).find('\x1b'), std::string::npos);
}

TEST(ProgressLine, SaysHowManyAreLeftWhenItStops) {
  Figures figures = half_done();
  figures.stopping = true;
  figures.busy_slots = 4;
  const std::string line = progress_line(figures, 200, false);
  EXPECT_NE(line.find("stopping, 4 left"), std::string::npos) << line;
  EXPECT_EQ(line.find("ETA"), std::string::npos) << line;
}

TEST(ProgressLine, SaysThatATaskEndsInTheSecondInWhichItDoes) {
  Figures figures = half_done();
  figures.time_left = std::chrono::milliseconds(1001);
  EXPECT_NE(progress_line(figures, 120, false).find("ETA 0:02"), std::string::npos);
}

TEST(ProgressLine, NamesTheTaskThatIsStillWaitedFor) {
  Figures figures = half_done();
  figures.recorded = 99;
  figures.busy_slots = 1;
  EXPECT_NE(progress_line(figures, 120, false).find("  ETA 0:25  task 17 since 2:05"),
            std::string::npos);
  figures.oldest_age = std::chrono::seconds(1);
  EXPECT_EQ(progress_line(figures, 120, false).find("task 17"), std::string::npos);
}

TEST(ProgressLine, NamesNoTaskWhileOthersAreToBegin) {
  const Figures figures = half_done();
  EXPECT_EQ(progress_line(figures, 120, false).find("task 17"), std::string::npos);
}

TEST(ProgressLine, NamesOneOfManyTasksOnlyIfItTakesMuchLonger) {
  Figures figures = half_done();
  figures.recorded = 96;
  figures.oldest_age = std::chrono::seconds(3);
  EXPECT_EQ(progress_line(figures, 120, false).find("task 17"), std::string::npos);
  figures.oldest_age = std::chrono::seconds(5);
  EXPECT_NE(progress_line(figures, 120, false).find("task 17"), std::string::npos);
}

}  // namespace
}  // namespace divvy::sink
