#include "divvy/rules/hosts.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace divvy::launcher {
namespace {

using Words = std::vector<std::string>;

void expect(std::string_view entry, const std::string& name, const std::string& login,
            const std::string& slots = "") {
  const Host host = parse_host(entry);
  EXPECT_EQ(host.name, name) << entry;
  EXPECT_EQ(host.login, login) << entry;
  EXPECT_EQ(host.slots, slots) << entry;
  EXPECT_FALSE(host.is_here) << entry;
}

std::string refusal_of(std::string_view entry) {
  try {
    (void)parse_host(entry);
    return {};
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
}

TEST(Hosts, HaveAUserAndSlotsIfTheySaySo) {
  expect("a", "a", "a");
  expect("a:8", "a", "a", "8");
  expect("a.example.org:50%", "a.example.org", "a.example.org", "50%");
  expect("me@a:+1", "me@a", "me@a", "+1");
  expect("me@corp.org@a", "me@corp.org@a", "me@corp.org@a");
  expect("10.0.0.1:2", "10.0.0.1", "10.0.0.1", "2");
}

TEST(Hosts, AreWrittenInBracketsIfTheyHaveColons) {
  expect("[fe80::1]", "[fe80::1]", "fe80::1");
  expect("[fe80::1%eth0]:8", "[fe80::1%eth0]", "fe80::1%eth0", "8");
  expect("me@[::1]:8", "me@[::1]", "me@::1", "8");
  EXPECT_NE(refusal_of("fe80::1").find("in brackets"), std::string::npos);
  EXPECT_NE(refusal_of("[::1").find("a ] is missing"), std::string::npos);
  EXPECT_NE(refusal_of("[::1]8").find("only :SLOTS"), std::string::npos);
}

TEST(Hosts, AreThisMachineIfCalledLocalhost) {
  EXPECT_TRUE(parse_host("localhost").is_here);
  EXPECT_TRUE(parse_host("localhost:4").is_here);
  EXPECT_EQ(parse_host("localhost:4").slots, "4");
  EXPECT_FALSE(parse_host("me@localhost").is_here);
  EXPECT_FALSE(parse_host("127.0.0.1").is_here);
}

TEST(Hosts, CannotBeTakenForOptionsOrForAnythingElse) {
  for (const std::string_view entry : {"", ":8", "@a", "me@", "me@:8", "a:", "-oProxyCommand=x",
                                       "me@-x", "a b", "a;b", "a\nb", "$(a)", "8/a", "[]", "a'b"}) {
    EXPECT_TRUE(refusal_of(entry).starts_with("--hosts: ")) << entry;
  }
}

TEST(Hosts, AreSeparatedByCommas) {
  EXPECT_EQ(split_hosts("a:8, b,[::1]:2"), (Words{"a:8", "b", "[::1]:2"}));
  EXPECT_EQ(split_hosts("a"), Words{"a"});
  for (const std::string_view list : {"", ",", "a,", "a,,b"}) {
    EXPECT_THROW((void)split_hosts(list), std::invalid_argument) << list;
  }
}

TEST(Hosts, OfAFileAreItsLinesWithoutComments) {
  EXPECT_EQ(hosts_in_file("# lab\n\n  a:8 \t# new\r\nb\n#c\nd"), (Words{"a:8", "b", "d"}));
  EXPECT_EQ(hosts_in_file(""), Words{});
}

TEST(Hosts, AreThereOnlyOnce) {
  EXPECT_NO_THROW(require_different({parse_host("a"), parse_host("b"), parse_host("localhost")}));
  EXPECT_THROW(require_different({parse_host("a:8"), parse_host("a")}), std::invalid_argument);
  EXPECT_THROW(require_different({parse_host("a"), parse_host("me@A:2")}), std::invalid_argument);
}

}  // namespace
}  // namespace divvy::launcher
