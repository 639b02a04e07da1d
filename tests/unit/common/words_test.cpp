#include "common/words.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <random>
#include <string>
#include <vector>

namespace divvy {
namespace {

using Words = std::vector<std::string>;

TEST(JoinedWords, AreWhatPythonWrites) {
  EXPECT_EQ(joined_words({}), "");
  EXPECT_EQ(joined_words({"a", "b c", "", "-n", "x=1"}), "a 'b c' '' -n x=1");
  EXPECT_EQ(joined_words({"it's", "$x", "~", "time"}), "'it'\"'\"'s' '$x' '~' time");
  EXPECT_EQ(joined_words({"two\nlines", "a\tb", "\xff"}), "'two\nlines' 'a\tb' '\xff'");
}

TEST(SplitWords, AreSeparatedByBlanks) {
  EXPECT_EQ(split_words("a  b\tc\nd "), (Words{"a", "b", "c", "d"}));
  EXPECT_EQ(split_words(" \n"), Words());
  EXPECT_EQ(split_words("'' \"\""), (Words{"", ""}));
}

TEST(SplitWords, MayBeQuotedInAnyWayOfAShell) {
  EXPECT_EQ(split_words(R"(a'b c'd"e 'f'"\ g)"), (Words{"ab cde 'f' g"}));
  EXPECT_EQ(split_words(R"("\$\`\"\\\x" '\')"), (Words{R"($`"\\x)", "\\"}));
  EXPECT_EQ(split_words("a\\\nb \"c\\\nd\" \\''"), std::nullopt);
  EXPECT_EQ(split_words("a\\\nb \"c\\\nd\" \\'"), (Words{"ab", "cd", "'"}));
}

TEST(SplitWords, AreNotExpandedAndHaveNoOperators) {
  EXPECT_EQ(split_words("$x `y` # a;b *|>"), (Words{"$x", "`y`", "#", "a;b", "*|>"}));
}

TEST(SplitWords, AreNoneIfTheLastOneDoesNotEnd) {
  for (const char* const text : {"'", "a \"b", "\"\\\"", "a\\", "it's"}) {
    EXPECT_EQ(split_words(text), std::nullopt) << text;
  }
}

TEST(SplitWords, AreTheValuesThatWereJoined) {
  std::mt19937 random(1);  // NOLINT(cert-msc51-cpp): the same each time
  const std::string letters = "ab '\"\\$`\n\t#;-={}\xff\xc3\xa4";
  const auto below = [&](std::size_t end) {
    return std::uniform_int_distribution<std::size_t>(0, end - 1)(random);
  };
  for (int round = 0; round < 10000; ++round) {
    Words values(below(4));
    for (std::string& value : values) {
      for (std::size_t size = below(8); size > 0; --size) value += letters[below(letters.size())];
    }
    ASSERT_EQ(split_words(joined_words(values)), values) << joined_words(values);
  }
}

}  // namespace
}  // namespace divvy
