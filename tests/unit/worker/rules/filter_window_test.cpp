#include "worker/rules/filter_window.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

Chunk lines(std::initializer_list<std::string_view> texts) {
  std::string packed;
  for (const std::string_view text : texts) append_text(packed, text);
  return {{.batch = BatchId{1}}, {.first = 1, .count = texts.size()}, packed};
}

std::string packed(std::initializer_list<std::string_view> texts) {
  return std::string(lines(texts).texts());
}

constexpr Time at(Time::duration since) { return Time(since); }

// --- the size

TEST(WindowSize, StartsWithOneLineAndDoubles) {
  WindowSize size;
  for (std::uint64_t lines = 1; lines <= WindowSize::kMostLines; lines *= 2) {
    EXPECT_EQ(size.lines(), lines);
    size.went_well(lines, 1us, false);
  }
  EXPECT_EQ(size.lines(), WindowSize::kMostLines);
}

TEST(WindowSize, HasAsManyLinesAsAreDoneInTime) {
  WindowSize size;
  for (int i = 0; i < 20; ++i) size.went_well(size.lines(), size.lines() * 1ms, false);
  EXPECT_EQ(size.lines(), 20);
  for (int i = 0; i < 20; ++i) size.went_well(size.lines(), size.lines() * 1s, false);
  EXPECT_EQ(size.lines(), 1);
}

TEST(WindowSize, ForgetsHowLongTheFilterTookToStart) {
  WindowSize size;
  size.went_well(1, 10s, false);
  EXPECT_EQ(size.lines(), 1);
  for (int i = 0; i < 30; ++i) size.went_well(1, 1us, false);
  EXPECT_EQ(size.lines(), 2);
}

TEST(WindowSize, StaysAtOneAsLongAsLinesPrintErrors) {
  WindowSize size;
  for (int i = 0; i < 10; ++i) size.went_well(1, 1us, true);
  EXPECT_EQ(size.lines(), 1);
}

TEST(WindowSize, IsNotGreaterThanWasTried) {
  WindowSize size;
  for (int i = 0; i < 10; ++i) size.went_well(1, 1us, false);
  EXPECT_EQ(size.lines(), 2);
}

TEST(WindowSize, ReachesTheLineAfterTheLastAnswerInTwoSteps) {
  WindowSize size;
  size.went_wrong(1000, 700);
  EXPECT_EQ(size.lines(), 700);
  size.went_well(700, 1us, false);
  EXPECT_EQ(size.lines(), 1);
  size.went_wrong(1, 0);
  EXPECT_EQ(size.lines(), 1);
  size.went_well(1, 1us, false);
  EXPECT_EQ(size.lines(), 2);
}

// Whichever line it is, and whatever is said of the answers, it is alone in a window before long.
TEST(WindowSize, ComesToTheLineThatIsToBlame) {
  for (const std::uint64_t all : {2U, 3U, 1000U, 16384U}) {
    for (std::uint64_t guilty : {std::uint64_t{0}, all / 3, all / 2, all - 1}) {
      for (const std::uint64_t told : {std::uint64_t{0}, all / 2, all}) {
        WindowSize size;
        std::uint64_t first = 0;
        std::uint64_t window = all;
        int steps = 0;
        while (window > 1 || first != guilty) {
          const bool wrong = guilty < first + window;
          wrong ? size.went_wrong(window, std::min(told, window))
                : size.went_well(window, 1us, false);
          if (!wrong) first += window;
          ASSERT_LE(first, guilty);
          window = std::min(size.lines(), all - first);
          ASSERT_LT(++steps, 250) << all << ' ' << guilty << ' ' << told;
        }
      }
    }
  }
}

// --- the input

TEST(Input, HasTheDelimiterBehindEachLine) {
  const Input input = input_of(lines({"a", "", "b c"}), 9, '\n');
  EXPECT_EQ(input.lines, 3);
  EXPECT_EQ(input.text, "a\n\nb c\n");
  EXPECT_EQ(input_of(lines({"a", "b"}), 1, '\n').text, "a\n");
}

TEST(Input, EndsBeforeALineThatHoldsTheDelimiter) {
  EXPECT_EQ(input_of(lines({"a", "b\nc", "d"}), 9, '\n').lines, 1);
  EXPECT_EQ(input_of(lines({"b\nc", "d"}), 9, '\n').lines, 0);
  EXPECT_EQ(input_of(lines({"b\nc", "d"}), 9, '\0').lines, 2);
}

TEST(Input, HasALongLineAlone) {
  const std::string long_line(1 << 20, 'x');
  EXPECT_EQ(input_of(lines({long_line, "a"}), 9, '\n').lines, 1);
  EXPECT_EQ(input_of(lines({"a", long_line}), 9, '\n').lines, 1);
}

// --- the answers

TEST(Answers, AreCutAtTheDelimiter) {
  Answers answers('\n');
  answers.expect(3, at(0s));
  answers.add("a\n\nb", at(1s));
  EXPECT_EQ(answers.count(), 2);
  EXPECT_EQ(answers.begun(), "b");
  answers.add("c\n", at(2s));
  EXPECT_TRUE(answers.all());
  EXPECT_FALSE(answers.too_many());
  EXPECT_EQ(answers.packed(), packed({"a\n", "\n", "bc\n"}));
  EXPECT_EQ(answers.first(), "a\n");
}

TEST(Answers, MayEndInNul) {
  Answers answers('\0');
  answers.expect(1, at(0s));
  answers.add(std::string_view("a\nb\0", 4), at(1s));
  EXPECT_TRUE(answers.all());
  EXPECT_EQ(answers.first(), std::string_view("a\nb\0", 4));
}

TEST(Answers, AreTooManyAtTheFirstByteBehindThoseThatAreExpected) {
  Answers answers('\n');
  answers.expect(1, at(0s));
  answers.add("a\nb", at(1s));
  EXPECT_TRUE(answers.too_many());
  answers.expect(0, at(0s));
  EXPECT_FALSE(answers.too_many());
  answers.add("c", at(1s));
  EXPECT_TRUE(answers.too_many());
}

TEST(Answers, EndWithTheDelimiterEvenAtTheEndOfTheOutput) {
  Answers answers('\n');
  answers.expect(2, at(0s));
  answers.add("a\nb", at(1s));
  answers.finish(at(2s));
  EXPECT_TRUE(answers.all());
  EXPECT_EQ(answers.packed(), packed({"a\n", "b\n"}));
  answers.finish(at(3s));
  EXPECT_EQ(answers.count(), 2);
}

TEST(Answers, TookAsLongAsItIsSinceTheOneBefore) {
  Answers answers('\n');
  answers.expect(4, at(1ms));
  answers.add("a\nb\n", at(3ms));
  answers.add("c", at(4ms));
  answers.add("\n", at(5ms));
  answers.finish(at(6ms));
  EXPECT_EQ(answers.took(), (std::vector<std::uint64_t>{1'000'000, 1'000'000, 2'000'000}));
  EXPECT_EQ(answers.since(), at(5ms));
}

TEST(Answers, WereWaitedForTogetherWithTheFirst) {
  Answers answers('\n');
  answers.expect(2, at(0s));
  answers.add("a\nb\n", at(1s));
  EXPECT_EQ(answers.took(), (std::vector<std::uint64_t>{999'000'000, 1'000'000}));
}

}  // namespace
}  // namespace divvy::worker
