#include "common/quoting.hpp"

#include <gtest/gtest.h>

namespace divvy {
namespace {

TEST(Quoted, LeavesPlainWordsAsTheyAre) {
  EXPECT_EQ(quoted({"ls", "-l", "--color=no", "/a.b_c,d:e@f%g+h"}),
            "ls -l --color=no /a.b_c,d:e@f%g+h");
}

TEST(Quoted, KeepsAllElseFromTheShell) {
  EXPECT_EQ(quoted({"a b", "", "$x", "it's", "~", "\n", "\\", "ü"}),
            "'a b' '' '$x' 'it'\\''s' '~' '\n' '\\' 'ü'");
  EXPECT_EQ(quoted({"A=b", "A=b"}), "'A=b' A=b");
  EXPECT_EQ(quoted({"time", "time"}), "'time' time");
}

TEST(QuotedOnOneLine, EscapesControlCharactersInAWordOfItsOwn) {
  EXPECT_EQ(quoted_on_one_line({"a", "b c", "d\ne\t'"}), "a 'b c' $'d\\ne\\t\\''");
  EXPECT_EQ(quoted_on_one_line({"if", "if", ""}), "'if' if ''");
}

TEST(OnOneLine, IsATextAsItIsUnlessItWouldTearTheLine) {
  EXPECT_EQ(on_one_line("a b\t'c' \\n \xFF"), "a b\t'c' \\n \xFF");
  EXPECT_EQ(on_one_line(""), "");
}

TEST(OnOneLine, IsOtherwiseWhatShellsReadAsTheText) {
  EXPECT_EQ(on_one_line("a\nb"), "$'a\\nb'");
  EXPECT_EQ(on_one_line("it's\t\\\r\x1B\x7Fü\n"), "$'it\\'s\\t\\\\\\015\\033\\177ü\\n'");
}

}  // namespace
}  // namespace divvy
