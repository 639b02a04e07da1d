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
  EXPECT_EQ(safe({"sh", "-c", "gzip {}"}), "-c 'gzip {}'");
  EXPECT_EQ(safe({"/bin/sh", "-c", "mv {} {.}"}), "-c 'mv {} {.}'");
  EXPECT_EQ(safe({"sh", "-c", "x `{}`"}), "-c SCRIPT");
  EXPECT_EQ(safe({"bash", "-euo", "pipefail", "-c", "gzip {}"}),
            "bash -c '... \"$1\" ...' bash {}; or by sh: -c 'gzip {}'");
  EXPECT_EQ(safe({"env", "A=b", "/bin/sh", "-ec", "gzip {}"}),
            "sh -c '... \"$1\" ...' sh {}; or by sh: -c 'gzip {}'");
}

TEST(Advice, TellsThatAQuotedTaskIsNoScript) {
  EXPECT_EQ(advice({"-c", "{}"}, false),
            (Words{"{} is quoted, so it is a program's name; where it is a script: -- sh -c {}"}));
  EXPECT_EQ(advice({"-c", "eval {}"}, false), Words());
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
                   "-c 'grep '\\''a b'\\'' {} | wc -l'"}));
  EXPECT_EQ(
      advice({"sort", "{}", ">", "{.}.sorted"}, false),
      (Words{"no shell reads the >, it is an argument; with one: -c 'sort {} > {.}.sorted'"}));
  EXPECT_EQ(advice({"echo", "a {}", "||", "x"}, false), Words());
  EXPECT_EQ(advice({"grep", "a {}", "||", "x"}, false),
            (Words{"no shell reads the ||, it is an argument; with one: "
                   "-c 'grep '\\''a {}'\\'' || x'"}));
  EXPECT_EQ(advice({"expr", "{}", "|", "0"}, false), Words());
  EXPECT_EQ(advice({"tr", "\\n", "|x"}, false), Words());
}

TEST(AdviceOnColumns, IsForWhatCanHardlyBeAnythingElse) {
  for (const Words& command : {Words{"echo", "{1}"},
                               {"cp", "{1}", "{2}"},
                               {"x", "-o=out/{1.}.png"},
                               {"-c", "cp {1} out"},
                               {"convert", "{}", "{2}"}}) {
    EXPECT_NE(advice_on_columns(command).find("--colsep"), std::string::npos) << as_typed(command);
  }
}

TEST(AdviceOnColumns, TakesNoRegularExpressionForAColumn) {
  for (const Words& command : {Words{"grep", "-E", "a{2}"},
                               {"grep", "-E", " {4}"},
                               {"sed", "-E", "s/[0-9]{1}/x/"},
                               {"echo", "a={1}", "{}"}}) {
    EXPECT_EQ(advice_on_columns(command), "") << as_typed(command);
  }
}

TEST(AsTyped, QuotesWhatAShellWouldReadOtherwiseButNoPlaceholder) {
  EXPECT_EQ(as_typed({"divvy", "-j", "4", "--", "A=b", "{}", "{/.}", "{1}", "$x", "", "time"}),
            "divvy -j 4 -- A=b {} {/.} {1} '$x' '' time");
}

}  // namespace
}  // namespace divvy::worker
