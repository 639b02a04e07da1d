#include "worker/rules/script.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>

namespace divvy::worker {
namespace {

std::string filled(std::string_view script, std::string_view task = "v",
                   const ColumnNames& columns = kNoColumns) {
  return Script(script, columns)
      .with({.tasks = {&task, 1}, .columns = {"c 1", "c 2"}, .id = 7, .slot = 2});
}

std::string refusal(std::string_view script) {
  try {
    return filled(script);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST(Script, QuotesAValue) {
  EXPECT_EQ(filled("gzip {}", "a b"), "gzip 'a b'");
  EXPECT_EQ(filled("gzip {}", "it's"), "gzip 'it'\\''s'");
  EXPECT_EQ(filled("gzip {}", ""), "gzip ''");
  EXPECT_EQ(filled("mv {} out/{/.}.x", "d/a.b"), "mv 'd/a.b' out/'a'.x");
  EXPECT_EQ(filled("echo {#}>{%}"), "echo '7'>'2'");
}

TEST(Script, ClosesQuotesBeforeAValueAndOpensThemAgain) {
  EXPECT_EQ(filled("echo \"a {} b\""), "echo \"a \"'v'\" b\"");
  EXPECT_EQ(filled("echo 'a {} b'"), "echo 'a ''v'' b'");
  EXPECT_EQ(filled("echo \"it's {}\" {}"), "echo \"it's \"'v'\"\" 'v'");
  EXPECT_EQ(filled("echo 'a\\' {}"), "echo 'a\\' 'v'");
  EXPECT_EQ(filled("echo \\\" {} \\' {}"), "echo \\\" 'v' \\' 'v'");
  EXPECT_EQ(filled("echo \"\\\" {}\""), "echo \"\\\" \"'v'\"\"");
}

TEST(Script, QuotesAnewInACommandWithinQuotes) {
  EXPECT_EQ(filled("echo \"$(basename {}) {}\""), "echo \"$(basename 'v') \"'v'\"\"");
  EXPECT_EQ(filled("echo \"$(a \"$(b \"{}\")\" {})\""), "echo \"$(a \"$(b \"\"'v'\"\")\" 'v')\"");
  EXPECT_EQ(filled("(cd {} && ls) | f() { {}; }"), "(cd 'v' && ls) | f() { 'v'; }");
}

TEST(Script, HasLiteralsAfterABackslash) {
  EXPECT_EQ(filled("echo \\{} \"\\{}\" '\\{}' $\\{}"), "echo \\{} \"\"'{}'\"\" '{}' $\\{}");
  EXPECT_EQ(filled("echo \\\\{} \\${}"), "echo \\\\'v' \\$'v'");
}

TEST(Script, LeavesTheShellItsBraces) {
  EXPECT_EQ(filled("echo ${#} ${x} {{}} {print} {1} {}"), "echo ${#} ${x} {'v'} {print} {1} 'v'");
  EXPECT_EQ(filled("echo ${1} {1} '${2}'", "v", kNumberedColumns), "echo ${1} 'c 1' '$''c 2'''");
  EXPECT_EQ(filled("{ echo {}; } && f() { :; }"), "{ echo 'v'; } && f() { :; }");
}

TEST(Script, HasNumbersInArithmetic) {
  EXPECT_EQ(filled("echo $(({} + {#}))", "5"), "echo $((5 + 7))");
  EXPECT_EQ(filled("echo \"$((2-{}))\"", "-5"), "echo \"$((2-(-5)))\"");
  EXPECT_EQ(filled("echo $((1 + $(wc -l < {}) )) {}"), "echo $((1 + $(wc -l < 'v') )) 'v'");
  for (const char* const no_number : {"", "-", "a[$(x)]", "1.5", "1 ", "0x1", "--1"}) {
    EXPECT_THROW(filled("echo $(({}))", no_number), std::invalid_argument) << no_number;
  }
  EXPECT_EQ(refusal("echo $((cd {}) | wc)"),
            "{} cannot stand within or behind $((; begin the script with x={}; and write \"$x\" "
            "there");
}

TEST(Script, DropsComments) {
  EXPECT_EQ(filled("echo {} # it's {}\necho {}"), "echo 'v' \necho 'v'");
  EXPECT_EQ(filled("# {}\necho a#{} $#"), "\necho a#'v' $#");
}

TEST(Script, ReadsALineThatGoesOnInTheNextOneAsOne) {
  EXPECT_EQ(filled("echo \\\n# it's {}\necho {}"), "echo \necho 'v'");
  EXPECT_EQ(filled("echo a\\\n#{} \"\\\n{}\""), "echo a#'v' \"\\\n\"'v'\"\"");
  for (const char* const script : {"echo \"$\\\n(a {})\"", "a <\\\n<x >{}",
                                   "\"$(ca\\\nse a in a) echo {};; esac)\"", "echo $(\\\n({}))"}) {
    EXPECT_NE(refusal(script).find("begin the script with"), std::string::npos) << script;
  }
}

TEST(Script, KnowsThePatternsOfACase) {
  EXPECT_EQ(filled("case {} in *.c) cc {};; esac"), "case 'v' in *.c) cc 'v';; esac");
  EXPECT_EQ(filled("case {} in *.c) (cc {});; esac; echo \"{}\""),
            "case 'v' in *.c) (cc 'v');; esac; echo \"\"'v'\"\"");
}

TEST(Script, RefusesAPlaceholderWhereItCannotBeQuoted) {
  EXPECT_EQ(refusal("echo `basename {}`"),
            "{} cannot stand within backticks; write $(...) instead of `...`");
  EXPECT_EQ(refusal("cat <<x\n{}\nx"),
            "{} cannot stand within or behind a here-document; begin the script with x={}; and "
            "write \"$x\" there");
  EXPECT_EQ(refusal("echo ${}"), "a shell reads ${} as a variable; write \\$ for a dollar sign");
  for (const char* const script :
       {"echo $'{}'", "echo $'\\'' {}", "echo ${x:-{}}", "echo \"${x:-'}\" {}", "echo $[{}]",
        "((x={}))", "\"$(case a in a) echo {};; esac)\"", "a <<x >{}\nx"}) {
    EXPECT_NE(refusal(script).find("begin the script with x={}; and write \"$x\" there"),
              std::string::npos)
        << script;
  }
}

TEST(Script, ReadsOverWhatHasNoPlaceholder) {
  for (const char* const same : {"x=`date '+%s'`; echo ", "echo ${x:-`a`} ", "cat <<'x'\nit's\nx\n",
                                 "echo $'a\\'' ", "echo ${x%'}'} "}) {
    EXPECT_EQ(filled(same), same) << same;
  }
  EXPECT_EQ(filled("x=`date`; echo \"${x}\" $'a' {}"), "x=`date`; echo \"${x}\" $'a' 'v'");
}

TEST(Script, RefusesWhatDoesNotEnd) {
  EXPECT_EQ(refusal("echo 'a {}"), "in the script a ' is not closed");
  EXPECT_EQ(refusal("echo \"{}"), "in the script a \" is not closed");
  EXPECT_EQ(refusal("(cd {}"), "in the script a ( is not closed");
  EXPECT_EQ(refusal("echo \"$(a {}\""), "in the script a \" is not closed");
  EXPECT_EQ(refusal("echo `a"), "in the script a ` is not closed");
  for (const std::string_view open : {"$( ", "( ", "\"$("}) {
    std::string deep;
    for (int i = 0; i < 10000; ++i) deep += open;
    EXPECT_NE(refusal(deep), deep) << open;
  }
}

std::string of_several(std::string_view script, const Columns& values) {
  return Script(script, kNumberedColumns).with({.tasks = values, .columns = values});
}

TEST(ScriptOfSeveralValues, RepeatsAWord) {
  EXPECT_EQ(of_several("rm {}; echo", {"a", "b c"}), "rm 'a' 'b c'; echo");
  EXPECT_EQ(of_several("rm x{.}.y|z", {"a.b", "c"}), "rm x'a'.y x'c'.y|z");
  EXPECT_EQ(of_several("f \"<{}>\"", {"a", "b"}), "f \"<\"'a'\">\" \"<\"'b'\">\"");
  EXPECT_EQ(of_several("f \"$(g -{} {2})\" {1}", {"a", "b"}), "f \"$(g -'a' -'b' 'b')\" 'a'");
  EXPECT_EQ(of_several("f {}{}$(g {})", {"a", "b"}), "f 'a''a'$(g 'a' 'b') 'b''b'$(g 'a' 'b')");
  EXPECT_EQ(of_several("f {}.", {}), "f ");
}

TEST(ScriptOfSeveralValues, RefusesThemWhereAShellTakesOneWord) {
  for (const char* const script :
       {"x={}", "a; x={} y", "a=1 x=\"{}\" y", "if x={}; then a; fi", "f $(x=.{}) y", "a\nx+={}",
        "export x={}", "a >{}", "a > {}.out b", "a 2>> \"{}\"", "a <<< {}", "(x={})", "a & x={}",
        "case a in a) x={};; esac", "> a x={} b"}) {
    EXPECT_EQ(of_several(script, {"1"}).find("{}"), std::string::npos) << script;
    EXPECT_THROW(of_several(script, {"1", "2"}), std::invalid_argument) << script;
  }
}

TEST(ScriptOfSeveralValues, RepeatsAWordThatOnlyLooksLikeAVariable) {
  EXPECT_EQ(of_several("make x={}", {"a", "b"}), "make x='a' x='b'");
  EXPECT_EQ(of_several("f 2>&1 x={}", {"a", "b"}), "f 2>&1 x='a' x='b'");
  EXPECT_EQ(of_several("f >| a x={}", {"a", "b"}), "f >| a x='a' x='b'");
  EXPECT_EQ(of_several("f $(y) x={}", {"a", "b"}), "f $(y) x='a' x='b'");
  EXPECT_EQ(of_several("x={1}; f > {2}", {"a", "b"}), "x='a'; f > 'b'");
}

std::string appended(std::string_view text) {
  Script script(text, kNoColumns);
  EXPECT_FALSE(script.has_placeholders());
  script.append_task();
  const std::string_view task = "v";
  return script.with({.tasks = {&task, 1}});
}

TEST(ScriptWithoutPlaceholders, MayHaveTheTaskAtItsEnd) {
  EXPECT_EQ(appended("wc -l"), "wc -l 'v'");
  EXPECT_EQ(appended("cd /; wc -l # lines \n\n"), "cd /; wc -l 'v'");
  EXPECT_EQ(appended("cat \\{}"), "cat \\{} 'v'");
}

TEST(ScriptWithoutPlaceholders, HasNoPlaceForTheTaskWhereItWouldBeRun) {
  for (const char* const script : {"", " \n", "wc;", "wc |", "wc &", "(wc)", "{ wc; }", "# wc",
                                   "if a; then b; fi", "cat <<x\ny\nx\n", "echo ${x:-`a`};"}) {
    EXPECT_THROW(appended(script), std::invalid_argument) << script;
  }
}

TEST(Script, KnowsWhetherItDependsOnTheTask) {
  const auto depends = [](std::string_view script) {
    return Script(script, kNoColumns).depends_on_task();
  };
  EXPECT_TRUE(depends("echo \"$(a {/})\""));
  EXPECT_TRUE(depends("echo {#}"));
  EXPECT_FALSE(depends("echo {%} \\{}"));
}

}  // namespace
}  // namespace divvy::worker
