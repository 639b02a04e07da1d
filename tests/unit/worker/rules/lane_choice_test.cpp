#include "worker/rules/lane_choice.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

constexpr PortRange kPorts{.first = 6000, .last = 6009};
constexpr Time kNow{100s};

TEST(LaneChoice, TriesEachPortOnceBeforeAnyAgain) {
  LaneChoice choice(kPorts, 1);
  for (int round = 0; round < 3; ++round) {
    std::set<int> ports;
    for (int i = 0; i < kPorts.count(); ++i) ports.insert(choice.next());
    EXPECT_EQ(ports.size(), 10U);
    EXPECT_EQ(*ports.begin(), kPorts.first);
    EXPECT_EQ(*ports.rbegin(), kPorts.last);
  }
}

TEST(LaneChoice, IsNotTheSameForAllWorkers) {
  std::set<int> first;
  for (std::uint64_t seed = 0; seed < 50; ++seed) first.insert(LaneChoice(kPorts, seed).next());
  EXPECT_GT(first.size(), 5U);
}

TEST(LaneChoice, TriesTheNextAtOnceIfOneIsTakenAndWaitsWhenAllAre) {
  LaneChoice choice(kPorts, 1);
  for (int i = 0; i + 1 < kPorts.count(); ++i) {
    choice.taken(kNow);
    EXPECT_EQ(choice.at(), kNow);
    EXPECT_FALSE(choice.all_taken());
  }
  choice.taken(kNow);
  EXPECT_EQ(choice.at(), kNow + 500ms);
  EXPECT_TRUE(choice.all_taken());
  choice.taken(kNow + 500ms);
  EXPECT_TRUE(choice.all_taken()) << "until it is known otherwise";
  choice.ended(kNow + 1s);
  EXPECT_FALSE(choice.all_taken());
}

TEST(LaneChoice, WaitsLongerTheOftenerNobodyIsThereButNeverLong) {
  LaneChoice choice(kPorts, 1);
  choice.unreachable(kNow);
  EXPECT_EQ(choice.at(), kNow + 20ms);
  choice.unreachable(kNow);
  EXPECT_EQ(choice.at(), kNow + 40ms);
  for (int i = 0; i < 100; ++i) choice.unreachable(kNow);
  EXPECT_EQ(choice.at(), kNow + 500ms);
  choice.ended(kNow);
  EXPECT_EQ(choice.at(), kNow) << "there was one";
  choice.unreachable(kNow);
  EXPECT_EQ(choice.at(), kNow + 20ms);
}

}  // namespace
}  // namespace divvy::worker
