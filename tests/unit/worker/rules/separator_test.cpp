#include "worker/rules/separator.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace divvy::worker {
namespace {

using Strings = std::vector<std::string_view>;

Strings columns(const std::string& separator, std::string_view text) {
  return Separator(separator).columns(text);
}

TEST(Separator, IsARegularExpression) {
  EXPECT_EQ(columns(",|;", "a,b;;c"), (Strings{"a", "b", "", "c"}));
  EXPECT_EQ(columns("[,;]+", ",a;,b,"), (Strings{"", "a", "b", ""}));
  EXPECT_EQ(columns(" +", "a  b c"), (Strings{"a", "b", "c"}));
  EXPECT_EQ(columns("^x|,", "xax,b"), (Strings{"", "ax", "b"}));
  EXPECT_EQ(columns("\\.", "a.b"), (Strings{"a", "b"}));
  EXPECT_EQ(columns(",", ""), (Strings{""}));
}

TEST(Separator, KnowsTabsAndBlanks) {
  EXPECT_EQ(columns("\\t", "a b\tctd"), (Strings{"a b", "ctd"}));
  EXPECT_EQ(columns("[\\t,]", "a\tb,c"), (Strings{"a", "b", "c"}));
  EXPECT_EQ(columns("\\\\t", "a\\tb"), (Strings{"a", "b"}));
  EXPECT_EQ(columns("\\s+", "a \t b"), (Strings{"a", "b"}));
  EXPECT_EQ(columns("\\W", "a1-b_"), (Strings{"a1", "b_"}));
}

TEST(Separator, TakesTheBlanksAroundAColumnAway) {
  EXPECT_EQ(columns(",", " a b\t, ,\nc"), (Strings{"a b", "", "c"}));
}

TEST(Separator, ThatMayBeNothingIsNeverNothingAtTheStartOfAColumn) {
  EXPECT_EQ(columns(",*", "a,,b"), (Strings{"a", "b", ""}));
  EXPECT_EQ(columns("()", "ab"), (Strings{"a", "b", ""}));
}

TEST(Separator, MayBeAsLongAsATask) {
  const std::string task(1 << 20, 'a');
  EXPECT_EQ(columns("(a|b|,)+", task), (Strings{"", ""}));
  EXPECT_EQ(columns("b+", task), (Strings{task}));
}

TEST(Separator, CutsATaskIntoManyColumns) {
  EXPECT_EQ(columns(",", std::string(10'000, ',')).size(), 10'001);
}

TEST(Separator, RefusesWhatIsNoRegularExpression) {
  for (const char* bad : {"(", "[", "*", "a{2", "\\"}) {
    EXPECT_THROW(Separator{bad}, std::invalid_argument) << bad;
  }
}

}  // namespace
}  // namespace divvy::worker
