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

TEST(Command, HasNothingAtItsEndIfThePieceIsOnStandardInput) {
  const Execution piece{.text = "f 0+10", .form = TextForm::piece, .id = 7, .slot = 2};
  EXPECT_EQ(Command({"wc", "-l"}, {}).with(piece), (Words{"wc", "-l"}));
  EXPECT_EQ(Command({"tee", "{}"}, {}).with(piece), (Words{"tee", "f 0+10"}));
}

}  // namespace
}  // namespace divvy::worker
