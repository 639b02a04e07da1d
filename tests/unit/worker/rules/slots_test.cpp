#include "worker/rules/slots.hpp"

#include <gtest/gtest.h>

namespace divvy::worker {
namespace {

TEST(Slots, AreTheLowestNumbersThatAreFree) {
  Slots slots(3);
  EXPECT_EQ(slots.take(), 3);
  EXPECT_EQ(slots.take(), 4);
  EXPECT_EQ(slots.take(), 5);
  slots.free(4);
  slots.free(3);
  EXPECT_EQ(slots.take(), 3);
  EXPECT_EQ(slots.take(), 4);
  EXPECT_EQ(slots.take(), 6);
}

}  // namespace
}  // namespace divvy::worker
