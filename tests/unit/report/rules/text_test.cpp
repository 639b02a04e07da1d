#include "report/rules/text.hpp"

#include <gtest/gtest.h>

namespace divvy::report {
namespace {

TEST(TextTest, WhatIsShortStays) {
  EXPECT_EQ(shortened("a.txt", 10), "a.txt");
  EXPECT_EQ(end_of("line\n", 10), "line\n");
}

TEST(TextTest, OfALongTextBeginningAndEndStay) {
  EXPECT_EQ(shortened("abcdefghijklmnop", 9), "abc…nop");
  EXPECT_EQ(end_of("abcdefgh", 3), "…fgh");
}

TEST(TextTest, CharactersStayWhole) {
  EXPECT_EQ(shortened("ääääääää", 10), "ä…ää");
  EXPECT_EQ(end_of("ääää", 3), "…ä");
}

TEST(TextTest, WhatIsNoUtf8IsCutAnywhere) {
  const std::string bytes(100, '\x80');
  EXPECT_LE(shortened(bytes, 20).size(), 20U);
  EXPECT_LE(end_of(bytes, 20).size(), 23U);
}

}  // namespace
}  // namespace divvy::report
