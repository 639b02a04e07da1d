#include "worker/dry_runner.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace divvy::worker {
namespace {

Ended ended(std::optional<Command> command, std::string_view task) {
  DryRunner runner(std::move(command));
  EXPECT_FALSE(runner.deadline());
  runner.start({.key = 5, .text = task, .id = 7, .slot = 2}, Time{});
  EXPECT_TRUE(runner.deadline()) << "it has ended at once";
  std::vector<Ended> all = runner.ended(Time{});
  EXPECT_EQ(all.size(), 1U);
  EXPECT_TRUE(runner.ended(Time{}).empty());
  EXPECT_EQ(all.at(0).key, 5U);
  return all.at(0);
}

std::string line(const std::vector<std::string>& words, std::string_view task,
                 const Command::Settings& settings = {}) {
  const Ended result = ended(Command(words, settings), task);
  EXPECT_EQ(result.outcome, Outcome::exited);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.errors, "");
  return result.output;
}

TEST(DryRunner, PrintsTheCommandAsOneWouldTypeItInAShell) {
  EXPECT_EQ(line({"cp", "{}", "{#}.txt"}, "a b"), "cp 'a b' 7.txt\n");
}

TEST(DryRunner, PrintsHowTheTaskGetsToStandardInput) {
  EXPECT_EQ(line({"wc", "-c"}, "it's", {.task_on_stdin = true}),
            "printf '%s\\n' 'it'\\''s' | wc -c\n");
}

TEST(DryRunner, PrintsAScriptAsAShellIsGivenIt) {
  EXPECT_EQ(ended(Command::of_script("cat {} | wc", {}), "a b").output,
            "sh -c 'cat '\\''a b'\\'' | wc'\n");
}

TEST(DryRunner, PrintsHowLongAWorkloadWouldSleep) {
  EXPECT_EQ(ended(std::nullopt, "1500").output, "sleep 1.500\n");
  EXPECT_EQ(ended(std::nullopt, "0").output, "sleep 0.000\n");
}

TEST(DryRunner, FailsATaskThatCouldNotBeRun) {
  for (const Ended& result :
       {ended(Command({"echo"}, {}), std::string_view("a\0b", 3)), ended(std::nullopt, "x")}) {
    EXPECT_EQ(result.outcome, Outcome::exited);
    EXPECT_EQ(result.status, 1);
    EXPECT_EQ(result.output, "");
    EXPECT_NE(result.errors, "");
  }
}

TEST(DryRunner, PrintsWhereAPieceIsReadFrom) {
  const auto line_of = [](const Piece& piece) {
    DryRunner runner(Command({"wc", "-l"}, {}));
    runner.start({.text = piece.name, .form = TextForm::piece, .piece = piece}, Time{});
    return runner.ended(Time{}).at(0).output;
  };
  EXPECT_EQ(line_of({.name = "f 4+5", .file = "/a b/f", .offset = 4, .size = 5}),
            "tail -c +5 '/a b/f' | head -c 5 | wc -l\n");
  EXPECT_EQ(line_of({.name = "- 0+2", .size = 2, .data = "x\n"}),
            "wc -l  # on standard input: - 0+2\n");
}

}  // namespace
}  // namespace divvy::worker
