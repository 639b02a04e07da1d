#include "divvy/endpoints.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

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

TEST(Ports, AreARangeOrOneOfThem) {
  EXPECT_EQ(port_range("6000-6099"), (PortRange{.first = 6000, .last = 6099}));
  EXPECT_EQ(port_range("6000"), (PortRange{.first = 6000, .last = 6000}));
  EXPECT_EQ(port_range("1-65535").count(), 65535);
  EXPECT_TRUE(port_range("6000-6001").contains(6001));
  EXPECT_FALSE(port_range("6000-6001").contains(6002));
}

TEST(Ports, ThatMakeNoSenseAreNone) {
  for (const char* text : {"", "-", "6000-", "-6000", "6001-6000", "0-5", "6000-65536",
                           "6000-6001-6002", "a-b", "6000:6001", " 6000-6001"}) {
    EXPECT_EQ(port_range(text), PortRange{}) << text;
  }
}

}  // namespace
}  // namespace divvy
