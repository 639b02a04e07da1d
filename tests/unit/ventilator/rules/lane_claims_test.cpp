#include "ventilator/rules/lane_claims.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace divvy::ventilator {
namespace {

using namespace std::chrono_literals;

constexpr WorkerId kAnn{1};
constexpr WorkerId kBob{2};
constexpr int kPort = 6003;

class LaneClaimsTest : public testing::Test {
 protected:
  // As a worker that says where it is, is greeted there and answers.
  void arrive(WorkerId worker, int port) {
    ASSERT_TRUE(claims_.admit(port, now_));
    claims_.open(worker, claims_.lane_at(port, worker).value());
    claims_.answered(worker);
  }

  LaneClaims claims_{3s};
  Time now_{100s};
};

TEST_F(LaneClaimsTest, LetsOneConnectionInUntilItHasEnded) {
  EXPECT_TRUE(claims_.admit(kPort, now_));
  EXPECT_FALSE(claims_.admit(kPort, now_));
  EXPECT_TRUE(claims_.admit(kPort + 1, now_));
  claims_.ended(kPort);
  EXPECT_TRUE(claims_.admit(kPort, now_));
}

TEST_F(LaneClaimsTest, HasNoLaneWhereNobodyIsConnected) {
  EXPECT_FALSE(claims_.lane_at(kPort, kAnn));
  arrive(kAnn, kPort);
  claims_.ended(kPort);
  EXPECT_FALSE(claims_.lane_at(kPort, kAnn));
  EXPECT_FALSE(claims_.port_of(kAnn));
}

TEST_F(LaneClaimsTest, GivesThePortToWhoeverAnswersThere) {
  claims_.admit(kPort, now_);
  claims_.open(kAnn, claims_.lane_at(kPort, kAnn).value());
  claims_.open(kBob, claims_.lane_at(kPort, kBob).value());
  claims_.answered(kBob);
  EXPECT_FALSE(claims_.lane_at(kPort, kAnn)) << "it only said so";
  EXPECT_TRUE(claims_.lane_at(kPort, kBob));
  EXPECT_FALSE(claims_.close(kAnn)) << "the connection is not Ann's to close";
  EXPECT_EQ(claims_.port_of(kBob), kPort);
  EXPECT_EQ(claims_.close(kBob), kPort);
}

TEST_F(LaneClaimsTest, KeepsThePortWhoeverElseAnswers) {
  arrive(kAnn, kPort);
  claims_.answered(kBob);
  EXPECT_TRUE(claims_.lane_at(kPort, kAnn));
}

TEST_F(LaneClaimsTest, NamesALaneAnewWithEachConnection) {
  arrive(kAnn, kPort);
  const auto first = claims_.lane_at(kPort, kAnn);
  EXPECT_EQ(claims_.lane_at(kPort, kAnn), first);
  EXPECT_TRUE(is_lane_port(*first));
  claims_.ended(kPort);
  claims_.admit(kPort, now_);
  EXPECT_NE(claims_.lane_at(kPort, kAnn), first);
}

TEST_F(LaneClaimsTest, ReachesNobodyThroughAConnectionThatHasEnded) {
  arrive(kAnn, kPort);
  const std::string first = claims_.lane_at(kPort, kAnn).value();
  claims_.ended(kPort);
  claims_.admit(kPort, now_);
  EXPECT_FALSE(claims_.port_of(kAnn)) << "another one is connected there";
  claims_.answered(kAnn);
  EXPECT_TRUE(claims_.lane_at(kPort, kBob));
  EXPECT_FALSE(claims_.close(kAnn));
  claims_.open(kAnn, first);
  EXPECT_FALSE(claims_.port_of(kAnn));
}

TEST_F(LaneClaimsTest, KnowsWhoHasNotAnsweredInTime) {
  EXPECT_FALSE(claims_.deadline());
  claims_.admit(kPort, now_);
  now_ += 1s;
  arrive(kAnn, kPort + 1);
  claims_.admit(kPort + 2, now_);
  claims_.admit(kPort + 3, now_);
  claims_.ended(kPort + 3);
  EXPECT_EQ(claims_.deadline(), Time(103s));
  EXPECT_TRUE(claims_.unanswered(Time(103s) - 1ns).empty());
  EXPECT_EQ(claims_.unanswered(Time(103s)), std::vector{kPort});
  EXPECT_EQ(claims_.unanswered(Time(104s)), (std::vector{kPort, kPort + 2}));
}

TEST_F(LaneClaimsTest, TakesNoOtherNameForALane) {
  claims_.admit(kPort, now_);
  for (const char* name :
       {"", "lane port ", "lane port 6003", "lane port 99999999999", "tcp://h:6003"}) {
    claims_.open(kAnn, name);
    EXPECT_FALSE(claims_.port_of(kAnn)) << name;
  }
}

}  // namespace
}  // namespace divvy::ventilator
