#include "divvy/rules/recovery.hpp"

#include <gtest/gtest.h>

namespace divvy::launcher {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart{1h};

TEST(Recovery, IsNotForAHostThatHasNeverWorked) {
  EXPECT_EQ(Recovery().lost(kStart), std::nullopt);
}

TEST(Recovery, ComesLaterEachTimeAndAtLastNotAtAll) {
  Recovery recovery;
  recovery.works(kStart);
  for (const auto pause : {1s, 2s, 4s, 8s, 16s}) {
    EXPECT_EQ(recovery.lost(kStart), kStart + pause);  // it may not even start again
  }
  EXPECT_EQ(recovery.lost(kStart), std::nullopt);
}

TEST(Recovery, BeginsAnewWithAHostThatHasWorkedForAMinute) {
  Recovery recovery;
  recovery.works(kStart);
  recovery.lost(kStart + 1s);
  recovery.works(kStart + 2s);
  EXPECT_EQ(recovery.lost(kStart + 3s), kStart + 3s + 2s);
  recovery.works(kStart + 5s);
  EXPECT_EQ(recovery.lost(kStart + 65s), kStart + 65s + 1s);
}

}  // namespace
}  // namespace divvy::launcher
