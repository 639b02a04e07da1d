#include "common/command_text.hpp"

#include <gtest/gtest.h>

#include "divvy/protocol.hpp"

namespace divvy {
namespace {

TEST(CommandText, IsTheCommandAsItIsTyped) {
  EXPECT_EQ(command_text({}, "", false), "");
  EXPECT_EQ(command_text({"grep", "a b", "{}"}, "", false), "grep 'a b' '{}'");
}

TEST(CommandText, TellsHowATaskGetsIn) {
  EXPECT_EQ(command_text({"wc"}, "", true), "wc (--stdin)");
  EXPECT_EQ(command_text({"sed", "-u"}, "", false, true), "sed -u (--filter)");
  EXPECT_EQ(command_text({"echo", "{1}"}, ",", false), "echo '{1}' (--colsep ',')");
  EXPECT_EQ(command_text({"cat"}, "a'b", true), "cat (--stdin) (--colsep 'a'\\''b')");
}

TEST(CommandText, FitsInALineAndDiffersNevertheless) {
  const std::string same(kMaxLineBytes, 'x');
  const std::string one = command_text({same + "1"}, "", false);
  const std::string other = command_text({same + "2"}, "", false);
  EXPECT_EQ(one.size(), kMaxLineBytes);
  EXPECT_EQ(one.substr(one.size() - 21, 5), "... #");
  EXPECT_NE(one, other);
  EXPECT_EQ(command_text({same}, "", false), same);
}

}  // namespace
}  // namespace divvy
