#include "worker/rules/capacity.hpp"

#include <gtest/gtest.h>

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart{1000s};

TEST(Capacity, IsAllSlotsAtFirst) {
  const Capacity capacity(400);
  EXPECT_EQ(capacity.slots(), 400U);
  EXPECT_TRUE(capacity.has_room(399));
  EXPECT_FALSE(capacity.has_room(400));
  EXPECT_FALSE(capacity.deadline());
}

TEST(Capacity, ShrinksToWhatRuns) {
  Capacity capacity(400);
  capacity.shrink(330, kStart);
  EXPECT_EQ(capacity.slots(), 330U);
  EXPECT_FALSE(capacity.has_room(330));
  EXPECT_TRUE(capacity.has_room(329));
}

TEST(Capacity, GrowsInStepsThatDouble) {
  Capacity capacity(10);
  capacity.shrink(4, kStart);
  EXPECT_EQ(capacity.deadline(), kStart + 1s);
  capacity.grow(kStart + 999ms);
  EXPECT_EQ(capacity.slots(), 4U);
  capacity.grow(kStart + 1s);
  EXPECT_EQ(capacity.slots(), 5U);
  capacity.grow(kStart + 2s);
  EXPECT_EQ(capacity.slots(), 7U);
  capacity.grow(kStart + 3s);
  EXPECT_EQ(capacity.slots(), 10U);
  EXPECT_FALSE(capacity.deadline());
}

TEST(Capacity, WaitsBeforeItTriesAgainWhenNothingRuns) {
  Capacity capacity(4);
  capacity.shrink(0, kStart);
  EXPECT_EQ(capacity.slots(), 1U) << "0 would say that the worker leaves";
  EXPECT_FALSE(capacity.has_room(0));
  capacity.grow(kStart + 1s);
  EXPECT_TRUE(capacity.has_room(0));
  EXPECT_EQ(capacity.slots(), 1U);
  capacity.grow(kStart + 2s);
  EXPECT_GT(capacity.slots(), 1U);
}

TEST(Capacity, StaysAtOneWithOneSlot) {
  Capacity capacity(1);
  capacity.shrink(0, kStart);
  capacity.grow(kStart + 1s);
  EXPECT_TRUE(capacity.has_room(0));
  EXPECT_EQ(capacity.slots(), 1U);
}

}  // namespace
}  // namespace divvy::worker
