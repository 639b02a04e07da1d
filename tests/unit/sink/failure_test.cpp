#include "sink/failure.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace divvy::sink {
namespace {

TEST(Failure, IsOneLineThatSaysHowAndWhere) {
  std::string texts;
  append_text(texts, "the task");
  Result result{.ids = {1, 1}, .outcome = Outcome::exited, .status = 7, .texts = texts};
  EXPECT_EQ(failure_line("a:1", result), "task 1 failed, exit status 7, on a:1: the task");
  result.outcome = Outcome::signalled;
  result.status = 11;
  EXPECT_EQ(failure_line("a:1", result),
            "task 1 failed, killed by signal 11 (Segmentation fault), on a:1: the task");
}

TEST(FailureLines, TellsTheFirstOfThoseWithOneReasonAndCountsTheOthers) {
  std::string texts;
  append_text(texts, "x");
  FailureLines lines;
  Result result{.outcome = Outcome::failed, .texts = texts, .reason = "cannot run ehco"};
  EXPECT_EQ(lines.line("a:1", result), "task 1 failed, cannot run ehco, on a:1: x");
  for (int i = 0; i < 499; ++i) EXPECT_FALSE(lines.line("a:1", result));
  result.reason = "another";
  EXPECT_TRUE(lines.line("a:1", result));
  EXPECT_EQ(lines.counted(), (std::vector<std::string>{"499 more tasks failed: cannot run ehco"}));
  EXPECT_TRUE(lines.counted().empty());
}

TEST(FailureLines, TellsEachTaskThatHasRun) {
  FailureLines lines;
  const Result result{.outcome = Outcome::exited, .status = 1};
  EXPECT_TRUE(lines.line("a:1", result));
  EXPECT_TRUE(lines.line("a:1", result));
  EXPECT_TRUE(lines.counted().empty());
}

TEST(Failure, ComesWithTheLastLinesOfItsErrors) {
  Result result;
  result.errors = "one\ntwo\nthree\nfour\n";
  EXPECT_EQ(last_errors(result), (std::vector<std::string>{"  | two", "  | three", "  | four"}));
  result.errors = "only";
  EXPECT_EQ(last_errors(result), (std::vector<std::string>{"  | only"}));
  result.errors = "";
  EXPECT_TRUE(last_errors(result).empty());
}

}  // namespace
}  // namespace divvy::sink
