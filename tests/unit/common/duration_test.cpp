#include "common/duration.hpp"

#include <gtest/gtest.h>

namespace divvy {
namespace {

TEST(ParseSeconds, TakesANumberOfSecondsOrOneWithAUnit) {
  EXPECT_EQ(parse_seconds("90"), 90);
  EXPECT_EQ(parse_seconds("0"), 0);
  EXPECT_EQ(parse_seconds("1.5"), 1.5);
  EXPECT_EQ(parse_seconds(".5"), 0.5);
  EXPECT_EQ(parse_seconds("90s"), 90);
  EXPECT_EQ(parse_seconds("5m"), 300);
  EXPECT_EQ(parse_seconds("1.5h"), 5400);
  EXPECT_EQ(parse_seconds("250ms"), 0.25);
}

TEST(ParseSeconds, TakesNothingElse) {
  for (const char* const text : {"",     " ",   "s",  "m",  "x",     "nan",  "inf",   "infinity",
                                 "-inf", "-1",  "-0", "+1", "1e999", "0x10", "5 m",   " 5",
                                 "5 ",   "5mm", "5M", "5d", "1h30m", "1,5",  "1.5.5", "5s;"}) {
    EXPECT_EQ(parse_seconds(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace divvy
