#include "sink/rules/room.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace divvy::sink {
namespace {

using namespace std::chrono_literals;

constexpr Time kNow{1h};

/// One that was heard last so long ago.
PresentBatch silent_for(Time::duration silence, std::uint64_t id) {
  return {.id = BatchId{id}, .last_announced = kNow - silence};
}

using Ids = std::vector<BatchId>;

TEST(Room, IsThereForTheFirstBatch) {
  const Room room = room_for_another({}, 1, kNow);
  EXPECT_TRUE(room.there);
  EXPECT_TRUE(room.give_way.empty());
}

TEST(Room, IsNotThereWhileTheOnlyOneIsHeard) {
  const Room room = room_for_another({silent_for(2900ms, 1)}, 1, kNow);
  EXPECT_FALSE(room.there);
  EXPECT_TRUE(room.give_way.empty());
}

TEST(Room, IsMadeByTheOnlyOneWhenItsVentilatorIsGone) {
  const Room room = room_for_another({silent_for(3s, 1)}, 1, kNow);
  EXPECT_TRUE(room.there);
  EXPECT_EQ(room.give_way, Ids{BatchId{1}});
}

TEST(Room, ForAFewMoreLeavesABatchWhoseVentilatorMayComeBack) {
  const Room room = room_for_another({silent_for(59s, 1), silent_for(0s, 2)}, 3, kNow);
  EXPECT_TRUE(room.there);
  EXPECT_TRUE(room.give_way.empty());
}

TEST(Room, ForTheLastOneIsMadeByWhoHasBeenSilentForLongest) {
  const Room room =
      room_for_another({silent_for(4s, 1), silent_for(5s, 2), silent_for(0s, 3)}, 3, kNow);
  EXPECT_TRUE(room.there);
  EXPECT_EQ(room.give_way, Ids{BatchId{2}});
}

TEST(Room, IsMadeByAllThatAreGivenUp) {
  const Room room =
      room_for_another({silent_for(1min, 1), silent_for(2s, 2), silent_for(2min, 3)}, 9, kNow);
  EXPECT_TRUE(room.there);
  EXPECT_EQ(room.give_way, (Ids{BatchId{3}, BatchId{1}}));
}

TEST(Room, IsNotThereIfAllAreHeard) {
  EXPECT_FALSE(room_for_another({silent_for(1s, 1), silent_for(2s, 2)}, 2, kNow).there);
}

}  // namespace
}  // namespace divvy::sink
