#include "common/cores.hpp"

#include <gtest/gtest.h>

namespace divvy {
namespace {

TEST(Cores, AreAtLeastOne) { EXPECT_GE(cores(), 1U); }

TEST(ParseSlots, TakesANumber) {
  EXPECT_EQ(parse_slots("1", 4), 1U);
  EXPECT_EQ(parse_slots("9999", 4), 9999U);
}

TEST(ParseSlots, TakesAShareOfTheCoresRounded) {
  EXPECT_EQ(parse_slots("100%", 4), 4U);
  EXPECT_EQ(parse_slots("50%", 4), 2U);
  EXPECT_EQ(parse_slots("50%", 3), 2U);
  EXPECT_EQ(parse_slots("250%", 2), 5U);
  EXPECT_EQ(parse_slots("12.5%", 16), 2U);
}

TEST(ParseSlots, TakesMoreOrFewerThanTheCores) {
  EXPECT_EQ(parse_slots("+2", 4), 6U);
  EXPECT_EQ(parse_slots("+0", 4), 4U);
  EXPECT_EQ(parse_slots("-1", 4), 3U);
  EXPECT_EQ(parse_slots("-0", 4), 4U);
}

TEST(ParseSlots, IsNeverLessThanOne) {
  EXPECT_EQ(parse_slots("-4", 4), 1U);
  EXPECT_EQ(parse_slots("-100", 4), 1U);
  EXPECT_EQ(parse_slots("1%", 4), 1U);
}

TEST(ParseSlots, IsNeverMoreThanFits) {
  EXPECT_EQ(parse_slots("+4294967295", 4), 4294967295U);
  EXPECT_EQ(parse_slots("1e300%", 4), 4294967295U);
}

TEST(ParseSlots, TakesNothingElse) {
  for (const char* const text : {"", "0", "+", "-", "%", "0%", "-5%", "+5%", "--1", "+-1", "1.5",
                                 "4x", " 4", "4 ", "x", "50 %", "4294967296", "nan%", "inf%"}) {
    EXPECT_FALSE(parse_slots(text, 4)) << text;
  }
}

TEST(ParseLoad, TakesANumberOrAShareOfTheCores) {
  EXPECT_EQ(parse_load("4", 8), 4);
  EXPECT_EQ(parse_load("0.5", 8), 0.5);
  EXPECT_EQ(parse_load("100%", 8), 8);
  EXPECT_EQ(parse_load("75%", 8), 6);
}

TEST(ParseLoad, TakesNothingElse) {
  for (const char* const text :
       {"", "0", "0%", "-1", "+1", "nan", "inf", "x", "4x", "%", "1e999", "4 "}) {
    EXPECT_FALSE(parse_load(text, 8)) << text;
  }
}

}  // namespace
}  // namespace divvy
