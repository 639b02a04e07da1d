#include "sink/duration_text.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "sink/some_figures.hpp"

namespace divvy::sink {
namespace {

using namespace std::chrono_literals;

TEST(DurationText, IsAsFineAsMatters) {
  EXPECT_EQ(duration_text(170ns), "0.17 us");
  EXPECT_EQ(duration_text(0s), "0.00 ms");
  EXPECT_EQ(duration_text(520us), "0.52 ms");
  EXPECT_EQ(duration_text(52ms), "52 ms");
  EXPECT_EQ(duration_text(5200ms), "5.20 s");
  EXPECT_EQ(duration_text(62s), "1:02");
  EXPECT_EQ(duration_text(3723s), "1:02:03");
}

TEST(ClockText, HasHoursOnlyIfThereAreSome) {
  EXPECT_EQ(clock_text(5s), "0:05");
  EXPECT_EQ(clock_text(62s), "1:02");
  EXPECT_EQ(clock_text(3723s), "1:02:03");
}

TEST(UtcText, IsReadableAndNeedsNoTimeZone) {
  EXPECT_EQ(utc_text(1'769'846'700'000'000'000), "2026-01-31 08:05:00 UTC");
}

TEST(ClockText, BearsAnyTimesThatAMessageMayHave) {
  EXPECT_NE(clock_text(Seconds(std::chrono::nanoseconds(kMaxNanoseconds))), "");
}

}  // namespace
}  // namespace divvy::sink
