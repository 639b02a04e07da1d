#include "worker/rules/whole_lines.hpp"

#include <gtest/gtest.h>

#include <string>

namespace divvy::worker {
namespace {

TEST(WholeLines, AreThoseThatEndWithANewline) {
  EXPECT_EQ(whole_lines("a\nb\nhalf", 0, 100), "a\nb\n");
  EXPECT_EQ(whole_lines("half", 0, 100), "");
  EXPECT_EQ(whole_lines("", 0, 100), "");
}

TEST(WholeLines, BeginWhereTheLastOnesEnded) {
  EXPECT_EQ(whole_lines("a\nb\nhalf", 2, 100), "b\n");
  EXPECT_EQ(whole_lines("a\nb\nhalf", 4, 100), "");
  EXPECT_EQ(whole_lines("a\nb\n", 4, 100), "");
}

TEST(WholeLines, AreAsManyAsThereIsRoomFor) {
  EXPECT_EQ(whole_lines("aa\nbb\ncc\n", 0, 7), "aa\nbb\n");
  EXPECT_EQ(whole_lines("aa\nbb\ncc\n", 0, 6), "aa\nbb\n");
}

TEST(WholeLines, AreALongerOneAloneIfItIsTheFirst) {
  EXPECT_EQ(whole_lines("a long line\nb\n", 0, 3), "a long line\n");
  EXPECT_EQ(whole_lines("a\nb\n", 0, 0), "a\n");
}

TEST(WholeLines, AreNoneBehindOneThatIsFarTooLong) {
  const std::string longest = std::string(kLongestLiveLine - 1, 'x') + "\n";
  EXPECT_EQ(whole_lines(longest + "y\n", 0, 100), longest);
  EXPECT_EQ(whole_lines("x" + longest + "y\n", 0, 100), "");
}

}  // namespace
}  // namespace divvy::worker
