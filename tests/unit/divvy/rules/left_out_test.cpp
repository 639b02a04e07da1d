#include "divvy/rules/left_out.hpp"

#include <gtest/gtest.h>

namespace divvy::launcher {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

constexpr Time kStart{1h};

std::string refused(const std::string& host) {
  return "ssh: connect to host " + host + " port 22: Connection refused";
}

TEST(LeftOut, TellsAMomentAfterTheFirst) {
  LeftOut left_out;
  EXPECT_EQ(left_out.deadline(), std::nullopt);
  left_out.add("a", refused("a"), kStart);
  ASSERT_TRUE(left_out.deadline());
  EXPECT_EQ(left_out.due(kStart), Lines{});
  EXPECT_EQ(left_out.due(*left_out.deadline()), Lines{"a is left out: " + refused("a")});
  EXPECT_EQ(left_out.deadline(), std::nullopt);
  EXPECT_EQ(left_out.rest(), Lines{});
}

TEST(LeftOut, TellsOfHostsWithTheSameReasonTogether) {
  LeftOut left_out;
  left_out.add("a", refused("a"), kStart);
  left_out.add("o", refused("o"), kStart);
  left_out.add("me@c", refused("c"), kStart);
  left_out.add("d", "Killed", kStart);
  EXPECT_EQ(left_out.rest(),
            (Lines{"d is left out: Killed", "a, o and me@c are left out: " + refused("HOST")}));
}

TEST(LeftOut, TellsOfNoMoreNamesThanCanBeRead) {
  LeftOut left_out;
  for (char letter = 'a'; letter <= 'z'; ++letter) {
    const std::string host(3, letter);
    left_out.add(host, refused(host), kStart);
  }
  EXPECT_EQ(
      left_out.rest(),
      Lines{"aaa, bbb, ccc, ddd, eee, fff, ggg, hhh and 18 more are left out: " + refused("HOST")});
}

TEST(Names, AreAsInASentence) {
  EXPECT_EQ(names_of({"a"}), "a");
  EXPECT_EQ(names_of({"a", "b"}), "a and b");
  EXPECT_EQ(names_of({"a", "b", "c"}), "a, b and c");
}

TEST(LeftOut, SaysWhatToDoIfSshWouldAsk) {
  LeftOut left_out;
  left_out.add("a", "me@a: Permission denied (publickey).", kStart);
  EXPECT_TRUE(left_out.rest().front().ends_with("by a key, or an agent"));
}

}  // namespace
}  // namespace divvy::launcher
