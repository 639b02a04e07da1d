#include "worker/rules/lane_filter.hpp"

#include <gtest/gtest.h>

#include <cstdint>

namespace divvy::worker {
namespace {

constexpr WorkerId kSelf{1};
constexpr VentilatorId kFirst{10};
constexpr VentilatorId kSecond{11};

Lane lane(VentilatorId ventilator, std::uint64_t sequence, WorkerId worker = kSelf) {
  return {.worker = worker, .ventilator = ventilator, .sequence = sequence};
}

TEST(LaneFilter, FollowsNobodyAtFirst) {
  const LaneFilter filter(kSelf);
  EXPECT_EQ(filter.ventilator(), VentilatorId::none);
  EXPECT_EQ(filter.sequence(), 0U);
}

TEST(LaneFilter, AcceptsMessagesInTheirOrderOnly) {
  LaneFilter filter(kSelf);
  EXPECT_TRUE(filter.accept(lane(kFirst, 3)));
  EXPECT_FALSE(filter.accept(lane(kFirst, 3)));
  EXPECT_FALSE(filter.accept(lane(kFirst, 2)));
  EXPECT_TRUE(filter.accept(lane(kFirst, 7))) << "numbers may be left out";
  EXPECT_EQ(filter.ventilator(), kFirst);
  EXPECT_EQ(filter.sequence(), 7U);
}

TEST(LaneFilter, DropsWhatIsForAnotherWorker) {
  LaneFilter filter(kSelf);
  EXPECT_FALSE(filter.accept(lane(kFirst, 1, WorkerId{2})));
  EXPECT_EQ(filter.ventilator(), VentilatorId::none);
  EXPECT_TRUE(filter.accept(lane(kFirst, 1)));
  EXPECT_FALSE(filter.accept(lane(kSecond, 1, WorkerId{2})));
  EXPECT_EQ(filter.ventilator(), kFirst);
}

TEST(LaneFilter, FollowsANewVentilatorFromWhateverNumberItBeginsWith) {
  LaneFilter filter(kSelf);
  filter.accept(lane(kFirst, 100));
  EXPECT_TRUE(filter.accept(lane(kSecond, 1)));
  EXPECT_EQ(filter.ventilator(), kSecond);
  EXPECT_EQ(filter.sequence(), 1U);
}

TEST(LaneFilter, NeverFollowsAFormerVentilatorAgain) {
  LaneFilter filter(kSelf);
  filter.accept(lane(kFirst, 1));
  filter.accept(lane(kSecond, 1));
  EXPECT_FALSE(filter.accept(lane(kFirst, 1000)));
  EXPECT_EQ(filter.ventilator(), kSecond);
  EXPECT_TRUE(filter.accept(lane(VentilatorId{12}, 1)));
  EXPECT_FALSE(filter.accept(lane(kSecond, 1000)));
  EXPECT_FALSE(filter.accept(lane(kFirst, 1000)));
  EXPECT_TRUE(filter.accept(lane(VentilatorId{12}, 2)));
}

}  // namespace
}  // namespace divvy::worker
