#include "ventilator/rules/combinations.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace divvy::ventilator {
namespace {

using Words = std::vector<std::string>;

std::vector<Words> all(const Words& words) {
  Combinations combinations(parse_lists(words));
  std::vector<Words> found;
  while (!combinations.ended()) found.push_back(combinations.next());
  return found;
}

std::string refusal(const Words& words) {
  try {
    parse_lists(words);
    return "none";
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST(Combinations, OfOneListAreItsValues) {
  EXPECT_EQ(all({":::", "a", "", "b c"}), (std::vector<Words>{{"a"}, {""}, {"b c"}}));
}

TEST(Combinations, ComeInTheOrderOfNestedLoops) {
  EXPECT_EQ(
      all({":::", "a", "b", ":::", "1", "2", "3"}),
      (std::vector<Words>{{"a", "1"}, {"a", "2"}, {"a", "3"}, {"b", "1"}, {"b", "2"}, {"b", "3"}}));
  EXPECT_EQ(
      all({":::", "a", "b", ":::", "c", ":::", "1", "2"}),
      (std::vector<Words>{{"a", "c", "1"}, {"a", "c", "2"}, {"b", "c", "1"}, {"b", "c", "2"}}));
}

TEST(Combinations, HaveListsThatGoAlongInOneLoop) {
  EXPECT_EQ(all({":::", "a", "b", ":::+", "1", "2", ":::+", "x", "y"}),
            (std::vector<Words>{{"a", "1", "x"}, {"b", "2", "y"}}));
  EXPECT_EQ(
      all({":::", "1", "2", ":::", "a", "b", ":::+", "x", "y"}),
      (std::vector<Words>{{"1", "a", "x"}, {"1", "b", "y"}, {"2", "a", "x"}, {"2", "b", "y"}}));
}

TEST(Combinations, EndALoopWithTheShortestOfItsLists) {
  EXPECT_EQ(all({":::", "a", "b", ":::+", "1", "2", "3", ":::", "x"}),
            (std::vector<Words>{{"a", "1", "x"}, {"b", "2", "x"}}));
  EXPECT_EQ(all({":::", "a", "b", ":::+", "1"}), (std::vector<Words>{{"a", "1"}}));
}

TEST(Combinations, AreNoneIfAListIsEmpty) {
  EXPECT_EQ(all({":::"}), std::vector<Words>{});
  EXPECT_EQ(all({":::", "a", ":::"}), std::vector<Words>{});
  EXPECT_EQ(all({":::", "a", ":::", "b", ":::+"}), std::vector<Words>{});
}

TEST(Combinations, AreMadeOneAfterTheOther) {
  ValueList many;
  many.values.assign(10'000, "x");
  Combinations combinations({many, many, many, many});
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(combinations.next().size(), 4U);
  EXPECT_FALSE(combinations.ended());
}

TEST(Lists, BeginWithCertainWordsOnly) {
  for (const char* word : {":::", ":::+", "::::", "::::+"}) EXPECT_TRUE(begins_list(word)) << word;
  for (const char* word : {"", "::", ":::::", ":::a", "a:::", ":::++", "+"}) {
    EXPECT_FALSE(begins_list(word)) << word;
  }
}

TEST(Lists, AreRefusedWhereTheyMakeNoSense) {
  EXPECT_EQ(refusal({":::", "a", ":::+", "b"}), "none");
  EXPECT_EQ(refusal({":::+", "a"}), ":::+ goes along with a list before it; begin with :::");
  EXPECT_TRUE(
      refusal({":::", "a", "::::", "list"}).starts_with(":::: would read files; name a FILE"));
}

}  // namespace
}  // namespace divvy::ventilator
