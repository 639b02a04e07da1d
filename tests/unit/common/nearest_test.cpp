#include "common/nearest.hpp"

#include <gtest/gtest.h>

#include <string>

namespace divvy {
namespace {

TEST(EditDistance, CountsChangedAddedMissingAndSwappedLetters) {
  EXPECT_EQ(edit_distance("", ""), 0U);
  EXPECT_EQ(edit_distance("same", "same"), 0U);
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("abc", ""), 3U);
  EXPECT_EQ(edit_distance("halt", "hilt"), 1U);
  EXPECT_EQ(edit_distance("nul", "null"), 1U);
  EXPECT_EQ(edit_distance("retires", "retries"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
}

TEST(Nearest, IsTheOneWithTheFewestChanges) {
  EXPECT_EQ(nearest("--retires", {"--retry-delay", "--retries"}), "--retries");
  EXPECT_EQ(nearest("--tga", {"--at", "--tag"}), "--tag");
}

TEST(Nearest, IsTheFirstOfSeveral) { EXPECT_EQ(nearest("--cat", {"--bat", "--rat"}), "--bat"); }

TEST(Nearest, DoesNotCountLeadingDashes) {
  EXPECT_EQ(nearest("-retries", {"--retries"}), "--retries");
}

TEST(Nearest, IsNoneWhenMoreThanAThirdWouldHaveToBeChanged) {
  EXPECT_EQ(nearest("--tug", {"--bag"}), "");
  EXPECT_EQ(nearest("--nonsense", {"--name", "--null"}), "");
  EXPECT_EQ(nearest("-x", {"--at"}), "");
  EXPECT_EQ(nearest("--", {"--at"}), "");
  EXPECT_EQ(nearest(std::string(1'000'000, 'x'), {"--at"}), "");
}

}  // namespace
}  // namespace divvy
