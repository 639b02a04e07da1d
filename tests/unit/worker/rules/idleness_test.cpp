#include "worker/rules/idleness.hpp"

#include <gtest/gtest.h>

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart{1000s};

TEST(Idleness, BeginsWithTheFirstUpdate) {
  Idleness idleness(5s);
  EXPECT_FALSE(idleness.deadline());
  idleness.update(false, kStart);
  EXPECT_EQ(idleness.deadline(), kStart + 5s);
  EXPECT_FALSE(idleness.too_long(kStart + 4s));
  EXPECT_TRUE(idleness.too_long(kStart + 5s));
}

TEST(Idleness, GoesOnUntilThereIsATask) {
  Idleness idleness(5s);
  idleness.update(false, kStart);
  idleness.update(false, kStart + 3s);
  EXPECT_EQ(idleness.deadline(), kStart + 5s);
  idleness.update(true, kStart + 4s);
  EXPECT_FALSE(idleness.deadline());
  EXPECT_FALSE(idleness.too_long(kStart + 9s));
  idleness.update(false, kStart + 10s);
  EXPECT_EQ(idleness.deadline(), kStart + 15s);
}

TEST(Idleness, MayLastForEverWithoutALimit) {
  Idleness idleness({});
  idleness.update(false, kStart);
  EXPECT_FALSE(idleness.deadline());
  EXPECT_FALSE(idleness.too_long(kStart + 1000h));
}

}  // namespace
}  // namespace divvy::worker
