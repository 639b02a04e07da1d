// How a task becomes a part of a command: places, columns, quotes.
#include "worker/command.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "hall/quoting.hpp"
#include "worker/dry_run.hpp"
#include "worker/separator.hpp"
#include "worker/slots.hpp"
#include "worker/template.hpp"

namespace divvy::worker {
namespace {

using Words = std::vector<std::string>;

Words filled(const Words& words, std::string_view task, const Command::Settings& settings = {}) {
  return Command(words, settings).with({.text = task, .id = 7, .slot = 2});
}

std::string word(const std::string& word, std::string_view task, const std::string& colsep = "") {
  return filled({"echo", word, "{}"}, task, {colsep, false})[1];
}

struct Forms {
  std::string task, stem, base, directory, base_stem;
};

// All of it is what GNU parallel 20221122 makes of the same lines.
const std::vector<Forms> kForms{Forms{"a", "a", "a", ".", "a"},
                                Forms{"a/b", "a/b", "b", "a", "b"},
                                Forms{"a/", "a/", "", ".", ""},
                                Forms{"a/b/", "a/b/", "", "a", ""},
                                Forms{".bashrc", "", ".bashrc", ".", ""},
                                Forms{"d/.bashrc", "d/", ".bashrc", "d", ""},
                                Forms{"d/.b.c", "d/.b", ".b.c", "d", ".b"},
                                Forms{"a.tar.gz", "a.tar", "a.tar.gz", ".", "a.tar"},
                                Forms{"/", "/", "", "/", ""},
                                Forms{"//", "//", "", "/", ""},
                                Forms{"", "", "", ".", ""},
                                Forms{"a/b.c/d", "a/b.c/d", "d", "a/b.c", "d"},
                                Forms{"a/b.c/", "a/b.c/", "", "a", ""},
                                Forms{"a.", "a", "a.", ".", "a"},
                                Forms{".", "", ".", ".", ""},
                                Forms{"..", ".", "..", ".", "."},
                                Forms{"a/..", "a/.", "..", "a", "."},
                                Forms{"/a.b", "/a", "a.b", "/", "a"},
                                Forms{"//a.b", "//a", "a.b", "/", "a"},
                                Forms{"a//b.c", "a//b", "b.c", "a", "b"},
                                Forms{"/a//", "/a//", "", "/", ""},
                                Forms{"a b.c d", "a b", "a b.c d", ".", "a b"}};

TEST(Template, HasTheFormsOfAPathThatGnuParallelGivesIt) {
  for (const Forms& expected : kForms) {
    SCOPED_TRACE(expected.task);
    EXPECT_EQ(word("{}", expected.task), expected.task);
    EXPECT_EQ(word("{.}", expected.task), expected.stem);
    EXPECT_EQ(word("{/}", expected.task), expected.base);
    EXPECT_EQ(word("{//}", expected.task), expected.directory);
    EXPECT_EQ(word("{/.}", expected.task), expected.base_stem);
  }
}

TEST(Command, HasTheTaskAtItsEndWithoutAnyPlace) {
  EXPECT_EQ(filled({"echo", "-n"}, "x"), (Words{"echo", "-n", "x"}));
  EXPECT_EQ(filled({"echo", "\\{}", "{1}"}, "x"), (Words{"echo", "{}", "{1}", "x"}));
}

TEST(Command, HasNothingAtItsEndIfTheTaskIsOnStandardInput) {
  EXPECT_EQ(filled({"wc", "-c"}, "x", {"", true}), (Words{"wc", "-c"}));
  EXPECT_EQ(filled({"tee", "{}.out"}, "x", {"", true}), (Words{"tee", "x.out"}));
}

TEST(Command, HasAnyPlaceAnywhere) {
  EXPECT_EQ(filled({"{/.}", "<{}>{#}-{%}{//}", "-v"}, "a/b.c"), (Words{"b", "<a/b.c>7-2a", "-v"}));
}

TEST(Command, DoesNotLookForPlacesInTheTask) {
  EXPECT_EQ(word("{}{.}", "{}{#}.{}"), "{}{#}.{}{}{#}");
}

TEST(Command, LeavesOtherBracesAndBackslashesAlone) {
  for (const char* other :
       {"{print $1}", "{{.Name}}", "a{2}", "{1.}", "{ }", "{", "}", "{#.}", "{..}", "{///}", "\\",
        "\\n", "{-1}", "\\{1}", "${x}", "\\{{.Name}\\}", "{\n}", "{0}"}) {
    EXPECT_EQ(word(other, "x"), other);
  }
  EXPECT_EQ(word("{{}}", "x"), "{x}");
}

TEST(Command, HasALiteralPlaceAfterABackslash) {
  EXPECT_EQ(word("\\{}", "x"), "{}");
  EXPECT_EQ(word("\\{/.}{}\\{#}", "x"), "{/.}x{#}");
  EXPECT_EQ(word("\\\\{}", "x"), "\\{}");
  EXPECT_EQ(word("\\{1}\\{2//}", "x", ","), "{1}{2//}");
}

TEST(Command, RefusesANulByteInAnArgument) {
  const std::string task("a.b\0c", 5);
  EXPECT_THROW(filled({"echo"}, task), std::invalid_argument);
  EXPECT_EQ(filled({"echo", "{.}"}, task), (Words{"echo", "a"}));
}

TEST(Columns, HaveTheFormsOfATask) {
  EXPECT_EQ(word("{2} {1.} {1/} {1//} {1/.} {01}", "a/b.c,d", ","), "d a/b b.c a b a/b.c");
  EXPECT_EQ(word("{}", "a , b", ","), "a , b");
}

TEST(Columns, AreEmptyIfTheyAreNotThere) {
  EXPECT_EQ(word("<{1}{2}{3}><{3//}><{2//}>", ",", ","), "<><><.>");
}

TEST(Columns, AreNoPlacesWithNumberZeroOrTooManyDigitsOrForANumber) {
  for (const char* other :
       {"{0}", "{99999999999999999999}", "{1#}", "{2%}", "{-1}", "{+1}", "{1 }"}) {
    EXPECT_EQ(word(other, "a,b", ","), other);
  }
}

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

TEST(Slots, AreTheLowestNumbersThatAreFree) {
  Slots slots(3);
  EXPECT_EQ(slots.take(), 3);
  EXPECT_EQ(slots.take(), 4);
  EXPECT_EQ(slots.take(), 5);
  slots.free(4);
  slots.free(3);
  EXPECT_EQ(slots.take(), 3);
  EXPECT_EQ(slots.take(), 4);
  EXPECT_EQ(slots.take(), 6);
}

}  // namespace
}  // namespace divvy::worker
