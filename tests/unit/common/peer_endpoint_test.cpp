#include "common/peer_endpoint.hpp"

#include <gtest/gtest.h>

namespace divvy {
namespace {

TEST(PeerEndpoint, IsPrivateOnLoopbackAndOverIpcOnly) {
  for (const char* endpoint : {"ipc:///tmp/x", "tcp://127.0.0.1:1", "tcp://127.9.9.9:1",
                               "tcp://localhost:1", "tcp://[::1]:1"}) {
    EXPECT_TRUE(is_private(endpoint)) << endpoint;
  }
  for (const char* endpoint : {"tcp://*:1", "tcp://0.0.0.0:1", "tcp://10.0.0.1:1", "tcp://[::]:1",
                               "tcp://host:1", "tcp://127.evil.example:1"}) {
    EXPECT_FALSE(is_private(endpoint)) << endpoint;
  }
}

TEST(PeerEndpoint, IsReachedAtTheAddressThatToldOfIt) {
  EXPECT_EQ(reach("tcp://0.0.0.0:7", "10.0.0.2"), "tcp://10.0.0.2:7");
  EXPECT_EQ(reach("tcp://[::]:7", "fe80::1"), "tcp://[fe80::1]:7");
  EXPECT_EQ(reach("ipc:///tmp/x", "localhost:0:0:1"), "ipc:///tmp/x");
}

TEST(PeerEndpoint, OfAnotherTransportOrWithoutAPortIsNotReached) {
  for (const char* const endpoint :
       {"inproc://zeromq.zap.01", "udp://127.0.0.1:7", "tcp://127.0.0.1", "tcp://127.0.0.1:*",
        "tcp://127.0.0.1:7;10.0.0.9", "nowhere", ""}) {
    EXPECT_EQ(reach(endpoint, "10.0.0.2"), "") << endpoint;
  }
  EXPECT_EQ(reach("tcp://127.0.0.1:7", ""), "");
}

TEST(PeerEndpoint, OverIpcIsReachedInTheDirectoryOfOurOwnOnly) {
  EXPECT_TRUE(is_beside("ipc:///d/inbox", "ipc:///d/feedback"));
  EXPECT_TRUE(is_beside("tcp://127.0.0.1:7", "ipc:///d/feedback"));
  EXPECT_FALSE(is_beside("ipc:///d/../e/inbox", "ipc:///d/feedback"));
  EXPECT_FALSE(is_beside("ipc:///d/e/inbox", "ipc:///d/feedback"));
  EXPECT_FALSE(is_beside("ipc://@inbox", "ipc:///d/feedback"));
  EXPECT_FALSE(is_beside("ipc:///d/inbox", "tcp://127.0.0.1:5559"));
  EXPECT_FALSE(is_beside("", "ipc:///d/feedback"));
}

TEST(PeerEndpoint, NeedsIpv6IfItsHostIsInBrackets) {
  EXPECT_TRUE(is_ipv6("tcp://[::1]:1"));
  EXPECT_FALSE(is_ipv6("tcp://127.0.0.1:1"));
  EXPECT_FALSE(is_ipv6("tcp://localhost:1"));
  EXPECT_FALSE(is_ipv6("ipc:///tmp/[x]"));
}

}  // namespace
}  // namespace divvy
