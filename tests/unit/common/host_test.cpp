#include "common/host.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <stdexcept>
#include <string>

namespace divvy {
namespace {

TEST(Host, ThatIsAnAddressStays) {
  for (const Use use : {Use::bind, Use::connect}) {
    for (const char* const endpoint :
         {"tcp://127.0.0.1:1", "tcp://[::1]:5557", "tcp://10.1.2.3:*"}) {
      EXPECT_EQ(with_address(endpoint, use), endpoint);
    }
  }
}

TEST(Host, ThatIsANameBecomesOneAddressForAllUses) {
  EXPECT_EQ(with_address("tcp://localhost:7", Use::bind), "tcp://127.0.0.1:7");
  EXPECT_EQ(with_address("tcp://localhost:7", Use::connect), "tcp://127.0.0.1:7");
}

TEST(Host, ThatStandsForAllOfThisMachineIsConnectedToOnLoopback) {
  EXPECT_EQ(with_address("tcp://*:7", Use::connect), "tcp://127.0.0.1:7");
  EXPECT_EQ(with_address("tcp://0.0.0.0:7", Use::connect), "tcp://127.0.0.1:7");
  EXPECT_EQ(with_address("tcp://[::]:7", Use::connect), "tcp://[::1]:7");
  for (const char* const endpoint :
       {"tcp://*:7", "tcp://0.0.0.0:7", "tcp://[::]:7", "tcp://lo:7"}) {
    EXPECT_EQ(with_address(endpoint, Use::bind), endpoint);
  }
}

TEST(Host, ThatIsNotKnownIsToldOf) {
  EXPECT_THROW(with_address("tcp://nowhere.invalid:7", Use::bind), std::runtime_error);
}

TEST(Host, OfOtherTransportsIsNone) {
  EXPECT_EQ(with_address("ipc:///tmp/x", Use::connect), "ipc:///tmp/x");
}

TEST(RequirePrivate, RefusesWhatOthersCanReachUnlessItIsProtected) {
  EXPECT_THROW(require_private("tcp://10.0.0.1:1", false), std::invalid_argument);
  EXPECT_NO_THROW(require_private("tcp://10.0.0.1:1", true));
  EXPECT_NO_THROW(require_private("tcp://127.0.0.1:1", false));
}

TEST(RequirePrivate, RefusesADirectoryThatOthersCanWriteInto) {
  std::string path = testing::TempDir() + "divvy.XXXXXX";
  ASSERT_NE(::mkdtemp(path.data()), nullptr);
  EXPECT_NO_THROW(require_private("ipc://" + path + "/tasks", false));
  ::chmod(path.c_str(), 01777);
  EXPECT_THROW(require_private("ipc://" + path + "/tasks", false), std::invalid_argument);
  EXPECT_NO_THROW(require_private("ipc://" + path + "/tasks", true));
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace divvy
