#include "ventilator/rules/group.hpp"

#include <gtest/gtest.h>

#include <vector>

namespace divvy::ventilator {
namespace {

using Texts = std::vector<std::string>;

Texts groups(const Group::Limits& limits, const Texts& values) {
  Group group(limits);
  Texts texts;
  for (const std::string& value : values) {
    if (!group.has_room_for(value)) texts.push_back(group.take());
    group.add(value);
  }
  if (!group.empty()) texts.push_back(group.take());
  return texts;
}

constexpr std::size_t kEnough = 1 << 20;

TEST(Group, HasAsManyValuesAsAreWantedAndTheLastOneWhatIsLeft) {
  const Group::Limits pairs{.values = 2, .text_bytes = kEnough, .system_bytes = kEnough};
  EXPECT_EQ(groups(pairs, {"a", "b c", "", "d", "it's"}),
            (Texts{"a 'b c'", "'' d", "'it'\"'\"'s'"}));
  EXPECT_EQ(groups(pairs, {}), Texts{});
}

TEST(Group, IsFullWithTheLastOfTheValuesThatAreWanted) {
  Group group({.values = 2, .text_bytes = kEnough, .system_bytes = kEnough});
  group.add("a");
  EXPECT_FALSE(group.full());
  group.add("b");
  EXPECT_TRUE(group.full());
  EXPECT_EQ(group.take(), "a b");
  EXPECT_TRUE(group.empty());
  EXPECT_FALSE(group.full());
}

TEST(Group, EndsEarlierWhereItsTextWouldBeTooLongWithAllValuesInQuotes) {
  const Group::Limits limits{.values = 10, .text_bytes = 11, .system_bytes = kEnough};
  EXPECT_EQ(groups(limits, {"abc", "def", "g", "h i", "j"}), (Texts{"abc def", "g 'h i'", "j"}));
}

TEST(Group, EndsEarlierWhereTheSystemHasNoRoomForAllArguments) {
  // Each takes 10 bytes as an argument, and in quotes 4 in the environment, the first one 3.
  const Group::Limits limits{.values = 10, .text_bytes = kEnough, .system_bytes = 34};
  EXPECT_EQ(groups(limits, {"a", "b", "c", "d"}), (Texts{"a b", "c d"}));
}

TEST(Group, LetsAValueThatIsTooLongGoAlone) {
  const Group::Limits limits{.values = 10, .text_bytes = 7, .system_bytes = kEnough};
  EXPECT_EQ(groups(limits, {"a", "too long", "b", "c"}), (Texts{"a", "'too long'", "b c"}));
}

}  // namespace
}  // namespace divvy::ventilator
