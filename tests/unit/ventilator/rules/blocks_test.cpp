#include "ventilator/rules/blocks.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace divvy::ventilator {
namespace {

using Pieces = std::vector<std::string>;

// `step`: so many bytes come at once.
Pieces cut(std::string_view input, const BlockRules& rules, std::size_t step) {
  BlockCutter cutter(rules);
  Pieces pieces;
  std::string bytes;
  for (std::size_t at = 0; at <= input.size(); at += step) {
    bytes += input.substr(at, step);
    const bool all = at + step > input.size();
    while (const std::size_t size = cutter.cut(bytes, all)) {
      pieces.push_back(bytes.substr(0, size));
      bytes.erase(0, size);
    }
  }
  return pieces;
}

// `most`: a read brings no more.
Pieces cut_file(std::string_view file, const BlockRules& rules, std::size_t most) {
  Pieces pieces;
  for (std::uint64_t begin = 0; begin < file.size();) {
    const auto end =
        piece_end(rules, begin, file.size(), [&](std::uint64_t offset, std::size_t wanted) {
          return file.substr(offset, std::min(most, wanted));
        });
    pieces.emplace_back(file.substr(begin, end - begin));
    begin = end;
  }
  return pieces;
}

TEST(Blocks, ArePiecesOfAsManyWholeLinesAsHaveRoom) {
  EXPECT_EQ(cut("aa\nbb\ncc\n", {.size = 6}, 100), (Pieces{"aa\nbb\n", "cc\n"}));
  EXPECT_EQ(cut("aa\nbb\ncc\n", {.size = 8}, 100), (Pieces{"aa\nbb\n", "cc\n"}));
  EXPECT_EQ(cut("aa\nbb\ncc\n", {.size = 9}, 100), (Pieces{"aa\nbb\ncc\n"}));
}

TEST(Blocks, LetALineThatIsLongerTravelWhole) {
  EXPECT_EQ(cut("a\nlonger\nb\n", {.size = 4}, 100), (Pieces{"a\n", "longer\n", "b\n"}));
  EXPECT_EQ(cut("a\nb\n", {.size = 1}, 100), (Pieces{"a\n", "b\n"}));
}

TEST(Blocks, EndWithoutALinesEndWhereTheInputDoes) {
  EXPECT_EQ(cut("aa\nbb", {.size = 3}, 100), (Pieces{"aa\n", "bb"}));
  EXPECT_EQ(cut("aa\nlonger", {.size = 3}, 100), (Pieces{"aa\n", "longer"}));
  EXPECT_EQ(cut("", {.size = 3}, 100), Pieces{});
}

TEST(Blocks, EndAfterANulIfThatIsTheDelimiter) {
  const std::string input("a\nb\0c\nd\0", 8);
  EXPECT_EQ(cut(input, {.size = 5, .delimiter = '\0'}, 100),
            (Pieces{std::string("a\nb\0", 4), std::string("c\nd\0", 4)}));
}

TEST(Blocks, AreTheSameHoweverTheInputComes) {
  std::string input;
  for (std::size_t i = 0; i < 300; ++i) input += std::string(i * 7919 % 23, 'x') + '\n';
  input += "the end";
  for (const std::size_t size : {1, 2, 7, 20, 64, 1000, 10'000}) {
    const BlockRules rules{.size = size};
    const Pieces pieces = cut(input, rules, input.size() + 1);
    std::string together;
    for (const std::string& piece : pieces) together += piece;
    EXPECT_EQ(together, input);
    for (const std::size_t step : {1, 3, 64}) {
      EXPECT_EQ(cut(input, rules, step), pieces);
      EXPECT_EQ(cut_file(input, rules, step == 1 ? 100'000 : step * 1000), pieces);
    }
  }
}

TEST(Blocks, OfAFileWithALineOfSeveralWindowsAreFoundOnBothSidesOfIt) {
  const std::string line(300'000, 'x');
  const std::string file = "first\n" + line + "\nlast";
  EXPECT_EQ(cut_file(file, {.size = 200'000}, 1 << 20), (Pieces{"first\n", line + "\n", "last"}));
}

TEST(Blocks, OfAFileThatHasBecomeShorterAreWhatItWas) {
  const auto nothing = [](std::uint64_t, std::size_t) { return std::string_view(); };
  EXPECT_EQ(piece_end({.size = 10}, 0, 100, nothing), 100U);
}

}  // namespace
}  // namespace divvy::ventilator
