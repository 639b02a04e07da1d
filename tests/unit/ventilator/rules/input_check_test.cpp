#include "ventilator/rules/input_check.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace divvy::ventilator {
namespace {

using Texts = std::vector<std::string>;

std::uint64_t digest(const Texts& texts) {
  Digest digest;
  for (const std::string& text : texts) digest.add_text(text);
  return digest.value();
}

// What the check says to the last of these texts.
std::optional<Range> read(InputCheck& check, const Texts& texts) {
  std::optional<Range> wrong;
  TaskId id = 0;
  for (const std::string& text : texts) {
    EXPECT_FALSE(wrong);
    wrong = check.read(++id, text);
  }
  return wrong;
}

TEST(InputCheck, FindsTheSameInputRight) {
  InputCheck check;
  EXPECT_EQ(check.last(), 0U);
  check.expect({1, 2}, digest({"a", "b"}));
  check.expect({4, 1}, digest({"d"}));
  EXPECT_EQ(check.last(), 4U);
  EXPECT_FALSE(read(check, {"a", "b", "whatever", "d", "e"}));
}

TEST(InputCheck, NamesTheRecordedTasksThatHaveOtherTexts) {
  InputCheck check;
  check.expect({2, 2}, digest({"b", "c"}));
  EXPECT_EQ(read(check, {"a", "b", "x"}), (Range{2, 2}));
}

TEST(InputCheck, DoesNotTakeTextsForTheSameThatAreOnlyTogether) {
  InputCheck check;
  check.expect({1, 2}, digest({"ab", "c"}));
  EXPECT_EQ(read(check, {"a", "bc"}), (Range{1, 2}));
}

TEST(InputCheck, IsToldAgainWithoutHarm) {
  InputCheck check;
  check.expect({1, 2}, digest({"a", "b"}));
  check.expect({1, 1}, digest({"a"}));
  check.expect({4, 1}, digest({"d"}));
  check.expect({4, 1}, digest({"d"}));
  EXPECT_EQ(read(check, {"a", "b", "c", "x"}), (Range{4, 1}));
}

TEST(InputCheck, ChecksNothingWithoutADigest) {
  InputCheck check;
  check.expect({1, 2}, 0);
  EXPECT_EQ(check.last(), 0U);
  EXPECT_FALSE(read(check, {"x", "y"}));
}

}  // namespace
}  // namespace divvy::ventilator
