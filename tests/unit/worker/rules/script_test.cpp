#include "worker/rules/script.hpp"

#include <gtest/gtest.h>

namespace divvy::worker {
namespace {

using Words = std::vector<std::string>;

std::string safe(std::string_view script, std::size_t first = 1) {
  const auto result = safe_script(script, first, false);
  return result ? result->script : "beyond us";
}

TEST(PastesText, TellsATaskInAScriptFromNumbersAndLiterals) {
  EXPECT_TRUE(pastes_text("gzip {}", false));
  EXPECT_TRUE(pastes_text("mv {} {.}.txt", false));
  EXPECT_TRUE(pastes_text("echo {2}", true));
  EXPECT_FALSE(pastes_text("echo {2}", false));
  EXPECT_FALSE(pastes_text("echo {#} {%}", false));
  EXPECT_FALSE(pastes_text("echo \\{} \\{.}", false));
  EXPECT_FALSE(pastes_text("f() { echo \"$1\"; }; f", false));
}

TEST(SafeScript, GivesTheTaskAsAnArgument) {
  const auto result = safe_script("mv {} out/{/} && echo {}", 1, false);
  ASSERT_TRUE(result);
  EXPECT_EQ(result->script, "mv \"$1\" out/\"$2\" && echo \"$1\"");
  EXPECT_EQ(result->arguments, (Words{"{}", "{/}"}));
}

TEST(SafeScript, KeepsInQuotesWhatIsInQuotes) {
  EXPECT_EQ(safe("echo \"{}\""), "echo \"$1\"");
  EXPECT_EQ(safe("echo \"a {} b\""), "echo \"a $1 b\"");
  EXPECT_EQ(safe("echo 'a {} b'"), "echo 'a '\"$1\"' b'");
  EXPECT_EQ(safe("echo \"it's {}\" {}"), "echo \"it's $1\" \"$1\"");
  EXPECT_EQ(safe("echo \\\" {}"), "echo \\\" \"$1\"");
}

TEST(SafeScript, QuotesAnewInACommandWithinQuotes) {
  EXPECT_EQ(safe("echo \"$(basename {}) {}\""), "echo \"$(basename \"$1\") $1\"");
  EXPECT_EQ(safe("(cd {} && ls)"), "(cd \"$1\" && ls)");
}

TEST(SafeScript, LeavesNumbersAndLiteralsAsTheyAre) {
  EXPECT_EQ(safe("echo {#} {%} \\{}"), "echo {#} {%} \\{}");
}

TEST(SafeScript, CountsFromWhereTheScriptsOwnArgumentsEnd) {
  EXPECT_EQ(safe("echo $1 {}", 2), "echo $1 \"$2\"");
  EXPECT_EQ(safe("echo {}", 10), "beyond us");
}

TEST(SafeScript, IsNoneWhereItIsNotKnownHowAShellReadsIt) {
  for (const char* const script : {"echo `basename {}`", "cat <<x\n{}\nx", "echo $'{}'",
                                   "echo 'a {}", "echo \"{}", "(cd {}"}) {
    EXPECT_EQ(safe(script), "beyond us") << script;
  }
}

}  // namespace
}  // namespace divvy::worker
