#include "worker/advice.hpp"

#include <gtest/gtest.h>

namespace divvy::worker {
namespace {

using Words = std::vector<std::string>;

// The command that is advised instead; empty: none.
std::string safe(const Words& command) {
  const auto lines = advice(command, false);
  if (lines.empty()) return {};
  const std::string before = "safe for every name: ";
  return lines.front().substr(lines.front().find(before) + before.size());
}

TEST(Advice, ShowsHowAScriptIsGivenTheTask) {
  EXPECT_EQ(safe({"sh", "-c", "gzip {}"}), "sh -c 'gzip \"$1\"' sh {}");
  EXPECT_EQ(safe({"bash", "-euo", "pipefail", "-c", "gzip {}"}),
            "bash -euo pipefail -c 'gzip \"$1\"' sh {}");
  EXPECT_EQ(safe({"env", "A=b", "/bin/sh", "-ec", "mv {} {.}"}),
            "env A=b /bin/sh -ec 'mv \"$1\" \"$2\"' sh {} {.}");
  EXPECT_EQ(safe({"sh", "-c", "cp {} $1", "sh", "to"}), "sh -c 'cp \"$2\" $1' sh to {}");
  EXPECT_EQ(safe({"timeout", "5", "zsh", "-c", "x `{}`"}), "sh -c '... \"$1\" ...' sh {}");
}

TEST(Advice, IsSilentWhereATaskIsAnArgumentOrTheScriptOnPurpose) {
  for (const Words& command : {Words{"sh", "-c", "{}"},
                               {"sh", "-c", "gzip \"$1\"", "sh", "{}"},
                               {"sh", "-c", "echo {#}"},
                               {"sh", "script {}"},
                               {"echo", "sh", "{}"},
                               {"bash", "--norc", "-x", "a {}"},
                               {"sh"},
                               {}}) {
    EXPECT_EQ(advice(command, false), Words()) << as_typed(command);
  }
}

TEST(Advice, TellsThatNoShellReadsAnOperator) {
  EXPECT_EQ(advice({"grep", "a b", "{}", "|", "wc", "-l"}, false),
            (Words{"no shell reads the |, it is an argument; with one: "
                   "sh -c 'grep '\\''a b'\\'' \"$1\" | wc -l' sh {}"}));
  EXPECT_EQ(advice({"sort", "{}", ">", "{.}.sorted"}, false),
            (Words{"no shell reads the >, it is an argument; with one: "
                   "sh -c 'sort \"$1\" > \"$2\".sorted' sh {} {.}"}));
  EXPECT_EQ(advice({"expr", "{}", "|", "0"}, false), Words());
  EXPECT_EQ(advice({"tr", "\\n", "|x"}, false), Words());
}

TEST(Advice, TellsOfColumnsThatTasksDoNotHave) {
  for (const Words& command : {Words{"echo", "{1}"},
                               {"cp", "{1}", "{2}"},
                               {"x", "-o=out/{1.}.png"},
                               {"convert", "{}", "{2}"}}) {
    const auto lines = advice(command, false);
    ASSERT_EQ(lines.size(), 1U) << as_typed(command);
    EXPECT_NE(lines.front().find("--colsep"), std::string::npos);
    EXPECT_EQ(advice(command, true), Words());
  }
}

TEST(Advice, TakesNoRegularExpressionForAColumn) {
  for (const Words& command : {Words{"grep", "-E", "a{2}"},
                               {"grep", "-E", " {4}"},
                               {"sed", "-E", "s/[0-9]{1}/x/"},
                               {"echo", "a={1}", "{}"}}) {
    EXPECT_EQ(advice(command, false), Words()) << as_typed(command);
  }
}

TEST(RunByShell, MakesACommandOfAScript) {
  EXPECT_EQ(run_by_shell("gzip -9 {} | wc", false),
            (Words{"sh", "-c", "gzip -9 \"$1\" | wc", "sh", "{}"}));
  EXPECT_EQ(run_by_shell("x `{}`", false), Words());
}

TEST(AsTyped, QuotesWhatAShellWouldReadOtherwiseButNoPlaceholder) {
  EXPECT_EQ(as_typed({"divvy", "-j", "4", "--", "A=b", "{}", "{/.}", "{1}", "$x", "", "time"}),
            "divvy -j 4 -- A=b {} {/.} {1} '$x' '' time");
}

}  // namespace
}  // namespace divvy::worker
