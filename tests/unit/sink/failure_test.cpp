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
