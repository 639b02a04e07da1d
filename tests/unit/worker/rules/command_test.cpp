#include "worker/rules/command.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace divvy::worker {
namespace {

using Words = std::vector<std::string>;

Words filled(const Words& words, std::string_view task, const Command::Settings& settings = {}) {
  return Command(words, settings).with({.text = task, .id = 7, .slot = 2});
}

TEST(Command, HasTheTaskAtItsEndWithoutAnyPlace) {
  EXPECT_EQ(filled({"echo", "-n"}, "x"), (Words{"echo", "-n", "x"}));
  EXPECT_EQ(filled({"echo", "\\{}", "{1}"}, "x"), (Words{"echo", "{}", "{1}", "x"}));
}

TEST(Command, HasNothingAtItsEndIfTheTaskIsOnStandardInput) {
  EXPECT_EQ(filled({"wc", "-c"}, "x", {.task_on_stdin = true}), (Words{"wc", "-c"}));
  EXPECT_EQ(filled({"tee", "{}.out"}, "x", {.task_on_stdin = true}), (Words{"tee", "x.out"}));
}

TEST(Command, HasAnyPlaceAnywhere) {
  EXPECT_EQ(filled({"{/.}", "<{}>{#}-{%}{//}", "-v"}, "a/b.c"), (Words{"b", "<a/b.c>7-2a", "-v"}));
}

TEST(Command, RefusesANulByteInAnArgument) {
  const std::string task("a.b\0c", 5);
  EXPECT_THROW(filled({"echo"}, task), std::invalid_argument);
  EXPECT_EQ(filled({"echo", "{.}"}, task), (Words{"echo", "a"}));
}

TEST(Command, HasColumnsIfThereIsASeparator) {
  EXPECT_EQ(filled({"cp", "{1}", "{2/}"}, "a b , c/d", {.colsep = ","}), (Words{"cp", "a b", "d"}));
  EXPECT_EQ(filled({"cp", "{1}"}, "a,b"), (Words{"cp", "{1}", "a,b"}));
  EXPECT_EQ(filled({"cp", "-v"}, "a,b", {.colsep = ","}), (Words{"cp", "-v", "a,b"}));
  EXPECT_THROW(Command({"cp"}, {.colsep = "("}), std::invalid_argument);
}

Words of_words(const Words& words, std::string_view task, std::string_view header = {}) {
  return Command(words, {}).with({.text = task, .form = TextForm::words, .header = header});
}

TEST(CommandOfSeveralValues, HasThemWhereTheTaskWouldBe) {
  EXPECT_EQ(of_words({"rm"}, "a 'b c'"), (Words{"rm", "a", "b c"}));
  EXPECT_EQ(of_words({"mv", "-t", "to", "{}"}, "a 'b c'"), (Words{"mv", "-t", "to", "a", "b c"}));
  EXPECT_EQ(of_words({"cp", "{1}", "{2.}"}, "a b.c"), (Words{"cp", "a", "b"}));
  EXPECT_EQ(of_words({"echo"}, ""), (Words{"echo"}));
  EXPECT_THROW(of_words({"echo"}, "it's"), std::invalid_argument);
}

TEST(CommandOfNamedColumns, HasThemByTheHeader) {
  EXPECT_EQ(of_words({"cp", "{from here}", "{to}"}, "a 'b c'", "'from here' to"),
            (Words{"cp", "a", "b c"}));
  const Command lines({"echo", "{user}"}, {.colsep = ","});
  EXPECT_EQ(lines.with({.text = "1, ann", .header = "id , user"}), (Words{"echo", "ann"}));
  EXPECT_EQ(lines.with({.text = "bob, 2", .header = "user,id"}), (Words{"echo", "bob"}));
  EXPECT_EQ(lines.with({.text = "x"}), (Words{"echo", "{user}", "x"}));
}

Words of_script(const std::string& script, std::string_view task,
                const Command::Settings& settings = {}) {
  return Command::of_script(script, settings).with({.text = task, .id = 7, .slot = 2});
}

TEST(CommandOfAScript, IsRunByAShell) {
  EXPECT_EQ(of_script("gzip -dc {} | wc", "a b"), (Words{"sh", "-c", "gzip -dc 'a b' | wc"}));
  EXPECT_EQ(of_script("echo {2}", "a,b", {.colsep = ","}), (Words{"sh", "-c", "echo 'b'"}));
  EXPECT_THROW(of_script("echo `{}`", "a"), std::invalid_argument);
}

TEST(CommandOfAScript, HasTheTaskAtItsEndWithoutAnyPlace) {
  EXPECT_EQ(of_script("wc -c", "it's"), (Words{"sh", "-c", "wc -c 'it'\\''s'"}));
  EXPECT_EQ(of_script("wc -c", "x", {.task_on_stdin = true}), (Words{"sh", "-c", "wc -c"}));
  EXPECT_EQ(of_script("wc {1}", "x"), (Words{"sh", "-c", "wc {1} 'x'"}));
}

TEST(Command, HasNothingAtItsEndIfThePieceIsOnStandardInput) {
  const Execution piece{.text = "f 0+10", .form = TextForm::piece, .id = 7, .slot = 2};
  EXPECT_EQ(Command({"wc", "-l"}, {}).with(piece), (Words{"wc", "-l"}));
  EXPECT_EQ(Command({"tee", "{}"}, {}).with(piece), (Words{"tee", "f 0+10"}));
}

}  // namespace
}  // namespace divvy::worker
