#include "divvy/endpoints.hpp"

#include <gtest/gtest.h>

namespace divvy {
namespace {

TEST(Endpoints, OfAHostAreTheGuidesPortsAndOneMore) {
  const Endpoints endpoints = endpoints_at("127.0.0.1");
  EXPECT_EQ(endpoints.tasks, "tcp://127.0.0.1:5557");
  EXPECT_EQ(endpoints.results, "tcp://127.0.0.1:5558");
  EXPECT_EQ(endpoints.feedback, "tcp://127.0.0.1:5559");
}

TEST(Endpoints, OfAHostAndPortAreThreePortsFromThere) {
  EXPECT_EQ(endpoints_at("lab.example:7000").feedback, "tcp://lab.example:7002");
  EXPECT_EQ(endpoints_at("[::1]:7000").tasks, "tcp://[::1]:7000");
  EXPECT_EQ(endpoints_at("[::1]").tasks, "tcp://[::1]:5557");
}

TEST(Endpoints, OfADirectoryAreFilesInIt) {
  EXPECT_EQ(endpoints_at("ipc:///tmp/x/").results, "ipc:///tmp/x/results");
}

TEST(Endpoints, ThatMakeNoSenseAreRefused) {
  for (const char* address :
       {"", ":", "host:", "host:0", "host:65534", "host:x", "ipc://", "a/b"}) {
    EXPECT_THROW(endpoints_at(address), std::invalid_argument) << address;
  }
  for (const char* endpoint : {"", "host:1", "tcp://", "tcp://host", "tcp://host:", "tcp://:5",
                               "tcp://host:99999", "udp://host:1", "ipc://"}) {
    EXPECT_THROW(check_endpoint(endpoint), std::invalid_argument) << endpoint;
  }
  EXPECT_THROW(check_endpoint("ipc:///" + std::string(107, 'x')), std::invalid_argument);
  EXPECT_NO_THROW(check_endpoint("tcp://127.0.0.1:*"));
}

TEST(Endpoints, ArePrivateOnLoopbackAndOverIpcOnly) {
  for (const char* endpoint : {"ipc:///tmp/x", "tcp://127.0.0.1:1", "tcp://127.9.9.9:1",
                               "tcp://localhost:1", "tcp://[::1]:1"}) {
    EXPECT_TRUE(is_private(endpoint)) << endpoint;
  }
  for (const char* endpoint : {"tcp://*:1", "tcp://0.0.0.0:1", "tcp://10.0.0.1:1", "tcp://[::]:1",
                               "tcp://host:1", "tcp://127.evil.example:1"}) {
    EXPECT_FALSE(is_private(endpoint)) << endpoint;
  }
}

TEST(Endpoints, AreReachedAtTheAddressThatToldOfThem) {
  EXPECT_EQ(reach("tcp://0.0.0.0:7", "10.0.0.2"), "tcp://10.0.0.2:7");
  EXPECT_EQ(reach("tcp://[::]:7", "fe80::1"), "tcp://[fe80::1]:7");
  EXPECT_EQ(reach("ipc:///tmp/x", "localhost:0:0:1"), "ipc:///tmp/x");
}

TEST(Endpoints, OfOtherTransportsOrWithoutAPortAreNotReached) {
  for (const char* const endpoint :
       {"inproc://zeromq.zap.01", "udp://127.0.0.1:7", "tcp://127.0.0.1", "tcp://127.0.0.1:*",
        "tcp://127.0.0.1:7;10.0.0.9", "nowhere", ""}) {
    EXPECT_EQ(reach(endpoint, "10.0.0.2"), "") << endpoint;
  }
  EXPECT_EQ(reach("tcp://127.0.0.1:7", ""), "");
}

TEST(Endpoints, OverIpcAreReachedInTheDirectoryOfTheDoorOnly) {
  EXPECT_TRUE(is_beside("ipc:///d/inbox", "ipc:///d/feedback"));
  EXPECT_TRUE(is_beside("tcp://127.0.0.1:7", "ipc:///d/feedback"));
  EXPECT_FALSE(is_beside("ipc:///d/../e/inbox", "ipc:///d/feedback"));
  EXPECT_FALSE(is_beside("ipc:///d/e/inbox", "ipc:///d/feedback"));
  EXPECT_FALSE(is_beside("ipc://@inbox", "ipc:///d/feedback"));
  EXPECT_FALSE(is_beside("ipc:///d/inbox", "tcp://127.0.0.1:5559"));
  EXPECT_FALSE(is_beside("", "ipc:///d/feedback"));
}

}  // namespace
}  // namespace divvy
