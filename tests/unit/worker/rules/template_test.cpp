#include "worker/rules/template.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "worker/rules/separator.hpp"

namespace divvy::worker {
namespace {

using Words = std::vector<std::string>;

std::string filled(std::string_view word, std::string_view task, const std::string& colsep = {}) {
  const bool has_columns = !colsep.empty();
  Words words;
  Template(word, has_columns ? kNumberedColumns : kNoColumns)
      .append_to(words, {.tasks = {&task, 1},
                         .columns = has_columns ? Separator(colsep).columns(task) : Columns(),
                         .id = 7,
                         .slot = 2});
  return words.size() == 1 ? words.front() : "not one word";
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
    EXPECT_EQ(filled("{}", expected.task), expected.task);
    EXPECT_EQ(filled("{.}", expected.task), expected.stem);
    EXPECT_EQ(filled("{/}", expected.task), expected.base);
    EXPECT_EQ(filled("{//}", expected.task), expected.directory);
    EXPECT_EQ(filled("{/.}", expected.task), expected.base_stem);
  }
}

TEST(Template, DoesNotLookForPlacesInTheTask) {
  EXPECT_EQ(filled("{}{.}", "{}{#}.{}"), "{}{#}.{}{}{#}");
}

TEST(Template, LeavesOtherBracesAndBackslashesAlone) {
  for (const char* other :
       {"{print $1}", "{{.Name}}", "a{2}", "{1.}", "{ }", "{", "}", "{#.}", "{..}", "{///}", "\\",
        "\\n", "{-1}", "\\{1}", "${x}", "\\{{.Name}\\}", "{\n}", "{0}"}) {
    EXPECT_EQ(filled(other, "x"), other);
  }
  EXPECT_EQ(filled("{{}}", "x"), "{x}");
}

TEST(Template, HasALiteralPlaceAfterABackslash) {
  EXPECT_EQ(filled("\\{}", "x"), "{}");
  EXPECT_EQ(filled("\\{/.}{}\\{#}", "x"), "{/.}x{#}");
  EXPECT_EQ(filled("\\\\{}", "x"), "\\{}");
  EXPECT_EQ(filled("\\{1}\\{2//}", "x", ","), "{1}{2//}");
}

TEST(TemplateColumns, HaveTheFormsOfATask) {
  EXPECT_EQ(filled("{2} {1.} {1/} {1//} {1/.} {01}", "a/b.c,d", ","), "d a/b b.c a b a/b.c");
  EXPECT_EQ(filled("{}", "a , b", ","), "a , b");
}

TEST(TemplateColumns, AreEmptyIfTheyAreNotThere) {
  EXPECT_EQ(filled("<{1}{2}{3}><{3//}><{2//}>", ",", ","), "<><><.>");
}

TEST(TemplateColumns, AreNoPlacesWithNumberZeroOrTooManyDigitsOrForANumber) {
  for (const char* other :
       {"{0}", "{99999999999999999999}", "{1#}", "{2%}", "{-1}", "{+1}", "{1 }"}) {
    EXPECT_EQ(filled(other, "a,b", ","), other);
  }
}

TEST(Template, HasTheNumbersOfTheTaskAndOfItsSlot) { EXPECT_EQ(filled("<{#}-{%}>", "x"), "<7-2>"); }

TEST(Template, KnowsWhetherItHasPlaces) {
  EXPECT_TRUE(Template("a{}b", kNoColumns).has_placeholders());
  EXPECT_TRUE(Template("{%}", kNoColumns).has_placeholders());
  EXPECT_FALSE(Template("\\{}", kNoColumns).has_placeholders());
  EXPECT_FALSE(Template("{1}", kNoColumns).has_placeholders());
  EXPECT_TRUE(Template("{1}", kNumberedColumns).has_placeholders());
}

Words repeated(std::string_view word, const Columns& values) {
  Words words;
  Template(word, kNumberedColumns).append_to(words, {.tasks = values, .columns = values});
  return words;
}

TEST(TemplateOfSeveralValues, IsAWordForEach) {
  EXPECT_EQ(repeated("{}", {"a", "b c", ""}), (Words{"a", "b c", ""}));
  EXPECT_EQ(repeated("out/{/.}.txt", {"x/a.c", "b"}), (Words{"out/a.txt", "out/b.txt"}));
  EXPECT_EQ(repeated("{2}:{}", {"a", "b"}), (Words{"b:a", "b:b"}));
  EXPECT_EQ(repeated("{}", {}), Words());
}

TEST(TemplateOfSeveralValues, IsOneWordIfItNamesColumns) {
  EXPECT_EQ(repeated("{2}{1.}", {"a.b", "c"}), (Words{"ca"}));
  EXPECT_EQ(repeated("{#}", {"a", "b"}), (Words{"0"}));
}

std::string with_names(std::string_view word, const ColumnNames& names) {
  Words words;
  const std::string_view task = "row";
  Template(word, names)
      .append_to(words, {.tasks = {&task, 1}, .columns = {"a/b.c", "d.e", "f"}, .id = 7});
  return words.front();
}

TEST(TemplateOfNamedColumns, HasTheFormsOfATask) {
  const ColumnNames names{.numbered = true, .names = {"file", "first name", "x."}};
  EXPECT_EQ(with_names("{file} {file.} {file/} {file//} {file/.}", names), "a/b.c a/b b.c a b");
  EXPECT_EQ(with_names("{first name} {first name.}", names), "d.e d");
  EXPECT_EQ(with_names("{x.} {3} {} {#}", names), "f f row 7");
}

TEST(TemplateOfNamedColumns, LeavesOtherNamesAndKeepsItsOwnMeanings) {
  const ColumnNames names{.numbered = true, .names = {"#", "1", "", "file", "file"}};
  EXPECT_EQ(with_names("{no} {File} \\{file} {}", names), "{no} {File} {file} row");
  EXPECT_EQ(with_names("{#}{1}", names), "7a/b.c");
}

}  // namespace
}  // namespace divvy::worker
