#include "worker/rules/template.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

#include "worker/rules/separator.hpp"

namespace divvy::worker {
namespace {

std::string filled(std::string_view word, std::string_view task, const std::string& colsep = {}) {
  const bool has_columns = !colsep.empty();
  const Columns columns = has_columns ? Separator(colsep).columns(task) : Columns();
  return Template(word, has_columns).with({.text = task, .id = 7, .slot = 2}, columns);
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
  EXPECT_TRUE(Template("a{}b", false).has_placeholders());
  EXPECT_TRUE(Template("{%}", false).has_placeholders());
  EXPECT_FALSE(Template("\\{}", false).has_placeholders());
  EXPECT_FALSE(Template("{1}", false).has_placeholders());
  EXPECT_TRUE(Template("{1}", true).has_placeholders());
}

}  // namespace
}  // namespace divvy::worker
