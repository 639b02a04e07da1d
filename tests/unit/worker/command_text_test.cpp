#include "worker/command_text.hpp"

#include <gtest/gtest.h>

#include "divvy/protocol.hpp"

namespace divvy::worker {
namespace {

TEST(CommandText, IsWhatAShellTakesForTheseWords) {
  EXPECT_EQ(command_text({"--stdin", "--", "grep", "a b"}), "--stdin -- grep 'a b'");
}

TEST(CommandText, FitsIntoAMessageAndTellsLongOnesApart) {
  const std::string longest(kMaxLineBytes, 'x');
  EXPECT_EQ(command_text({longest}), longest);
  const std::string one = command_text({longest, "1"});
  const std::string other = command_text({longest, "2"});
  EXPECT_EQ(one.size(), kMaxLineBytes);
  EXPECT_EQ(other.size(), kMaxLineBytes);
  EXPECT_NE(one, other);
}

}  // namespace
}  // namespace divvy::worker
