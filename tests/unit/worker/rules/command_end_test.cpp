#include "worker/rules/command_end.hpp"

#include <gtest/gtest.h>

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart{1000s};
constexpr auto nobody_left = [] { return false; };
constexpr auto somebody_left = [] { return true; };

TEST(CommandEnd, IsAtOnceWhenTheOutputEndsWithTheCommand) {
  CommandEnd end;
  EXPECT_FALSE(end.over(kStart, false, nobody_left));
  EXPECT_FALSE(end.deadline());
  end.leader_ended(kStart);
  EXPECT_TRUE(end.over(kStart, false, somebody_left)) << "a daemon without the output may stay";
  EXPECT_EQ(end.signal(kStart), 0);
}

TEST(CommandEnd, WaitsUntilNobodyHasPrintedForAMoment) {
  CommandEnd end;
  end.leader_ended(kStart);
  EXPECT_FALSE(end.over(kStart + 199ms, true, nobody_left));
  EXPECT_EQ(end.deadline(), kStart + 200ms);
  EXPECT_TRUE(end.over(kStart + 200ms, true, nobody_left));
  end.printed(kStart + 150ms);
  EXPECT_FALSE(end.over(kStart + 349ms, true, nobody_left));
  EXPECT_TRUE(end.over(kStart + 350ms, true, nobody_left));
}

TEST(CommandEnd, WaitsTwoSecondsForTheOutputAtMost) {
  CommandEnd end;
  end.leader_ended(kStart);
  end.printed(kStart + 1900ms);
  EXPECT_FALSE(end.over(kStart + 1999ms, true, nobody_left));
  EXPECT_TRUE(end.over(kStart + 2s, true, nobody_left));
}

TEST(CommandEnd, AsksFirstAndKillsAfterTheGrace) {
  CommandEnd end;
  EXPECT_EQ(end.signal(kStart), 0);
  end.ask();
  EXPECT_LE(end.deadline(), kStart) << "now";
  EXPECT_EQ(end.signal(kStart), SIGTERM);
  EXPECT_EQ(end.deadline(), kStart + 2s);
  end.ask();
  EXPECT_EQ(end.signal(kStart + 1999ms), 0) << "asking again changes nothing";
  EXPECT_EQ(end.signal(kStart + 2s), SIGKILL);
  EXPECT_EQ(end.signal(kStart + 9s), 0);
  EXPECT_TRUE(end.asked());
  EXPECT_FALSE(end.timed_out());
}

TEST(CommandEnd, TreatsATimeoutInTheSameWay) {
  CommandEnd end(kStart + 5s);
  EXPECT_EQ(end.deadline(), kStart + 5s);
  EXPECT_EQ(end.signal(kStart + 5s), SIGTERM);
  EXPECT_EQ(end.signal(kStart + 7s), SIGKILL);
  EXPECT_TRUE(end.timed_out());
  EXPECT_FALSE(end.asked());
}

TEST(CommandEnd, DoesNotTimeOutACommandThatHasEnded) {
  CommandEnd end(kStart);
  end.leader_ended(kStart);
  EXPECT_EQ(end.signal(kStart + 1s), 0);
  end.ask();
  EXPECT_EQ(end.signal(kStart + 1s), 0) << "nor end what it has left behind";
  EXPECT_FALSE(end.asked());
}

TEST(CommandEnd, WaitsForAllOfAGroupThatIsToEnd) {
  CommandEnd end;
  end.ask();
  end.signal(kStart);
  end.leader_ended(kStart + 1ms);
  EXPECT_FALSE(end.over(kStart + 1s, true, nobody_left)) << "somebody has the output";
  EXPECT_FALSE(end.over(kStart + 1s, false, somebody_left));
  EXPECT_TRUE(end.over(kStart + 1s, false, nobody_left));
  EXPECT_EQ(end.signal(kStart + 2s), SIGKILL);
  EXPECT_TRUE(end.over(kStart + 2s, false, somebody_left));
}

TEST(CommandEnd, IsAtOnceForWhatIsKilledAtOnce) {
  CommandEnd end;
  end.ask();
  end.signal(kStart);
  end.kill();
  EXPECT_EQ(end.signal(kStart + 1ms), SIGKILL);
  end.leader_ended(kStart + 2ms);
  EXPECT_TRUE(end.over(kStart + 2ms, true, somebody_left));
}

TEST(CommandEnd, WaitsWhenAStrangerHasTerminatedItForThatOneMayHaveTerminatedTheWorkerToo) {
  CommandEnd end;
  end.leader_ended(kStart, true);
  EXPECT_FALSE(end.over(kStart + 499ms, false, nobody_left));
  EXPECT_EQ(end.deadline(), kStart + 500ms);
  EXPECT_TRUE(end.over(kStart + 500ms, false, nobody_left));
}

TEST(CommandEnd, IsAtOnceWhenItWasTerminatedAsItWasAskedTo) {
  CommandEnd end(kStart);
  EXPECT_EQ(end.signal(kStart), SIGTERM);
  end.leader_ended(kStart, true);
  EXPECT_TRUE(end.over(kStart, false, nobody_left));
}

TEST(CommandEnd, ReadsNoFurtherWhenKilledAfterItsEnd) {
  CommandEnd end;
  end.leader_ended(kStart);
  end.kill();
  EXPECT_EQ(end.signal(kStart), 0);
  EXPECT_TRUE(end.over(kStart, true, somebody_left));
}

}  // namespace
}  // namespace divvy::worker
