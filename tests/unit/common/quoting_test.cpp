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

}  // namespace
}  // namespace divvy
