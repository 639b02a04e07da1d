#include "divvy/rules/remote_script.hpp"

#include <gtest/gtest.h>

#include <algorithm>

namespace divvy::launcher {
namespace {

RemoteStart some_start() {
  return {.directory = "/a dir",
          .worker = "/opt/worker",
          .version = "1.2.3",
          .port = 7000,
          .arguments = {"--slots=2", "--", "it's\n"}};
}

TEST(RemoteScript, IsReadByAllLoginShellsInTheSameWay) {
  const std::string_view quoted = kReadScript.substr(kReadScript.find('\'') + 1);
  EXPECT_EQ(std::count(kReadScript.begin(), kReadScript.end(), '\''), 2);
  EXPECT_EQ(quoted.find_first_of("!\n"), std::string_view::npos);  // csh's history
  EXPECT_EQ(quoted.find("\\\\"), std::string_view::npos);          // an escape in fish
  EXPECT_EQ(quoted.find("\\'"), std::string_view::npos);
}

TEST(RemoteScript, IsOneLine) {
  const std::string script = remote_script(some_start());
  EXPECT_EQ(std::count(script.begin(), script.end(), '\n'), 1);
  EXPECT_TRUE(script.ends_with('\n'));
}

TEST(RemoteScript, HasTheWorkersArgumentsInQuotes) {
  const std::string script = remote_script(some_start());
  EXPECT_NE(script.find(R"(--at "$a:7000" --key - '--slots=2' '--' 'it'\''s'"$n"'' >/dev/null;)"),
            std::string::npos);
  EXPECT_NE(script.find("cd '/a dir' "), std::string::npos);
  EXPECT_NE(script.find("*' 1.2.3 '*)"), std::string::npos);
}

}  // namespace
}  // namespace divvy::launcher
