#include "common/time.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace divvy {
namespace {

using namespace std::chrono_literals;

template <class AnyClock>
concept TellsTheTime = requires {
  AnyClock::now();
};

TEST(Clock, DoesNotTellTheTime) {
  EXPECT_FALSE(TellsTheTime<Clock>);
  EXPECT_TRUE(TellsTheTime<std::chrono::steady_clock>);
}

TEST(Time, IsMeasuredInNanoseconds) { EXPECT_EQ((Time{1s} - Time{}).count(), 1'000'000'000); }

TEST(Seconds, MayHaveFractions) {
  EXPECT_EQ(from_seconds(1.5), 1500ms);
  EXPECT_EQ(from_seconds(0), 0ms);
}

}  // namespace
}  // namespace divvy
