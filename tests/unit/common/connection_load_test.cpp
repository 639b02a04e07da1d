#include "common/connection_load.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <optional>
#include <vector>

#include "divvy/protocol.hpp"

namespace divvy {
namespace {

using namespace std::chrono_literals;

constexpr int kFd = 5;
constexpr std::uint64_t kMaxUnread = 10 << 20;

class ConnectionLoadsTest : public testing::Test {
 protected:
  ConnectionLoads::Load after(std::uint64_t received, std::uint64_t sent,
                              Time::duration time = 1h) {
    return loads_->load_of(kFd, {.received = received, .sent = sent}, Time() + time);
  }
  void begin(bool needs_key) {
    loads_.emplace(kMaxUnread, needs_key);
    loads_->opened(kFd, "192.0.2.1", Time());
  }

  std::optional<ConnectionLoads> loads_;
};

TEST_F(ConnectionLoadsTest, AreWatchedWhileConnectionsAreNewAndWhenMuchIsUnread) {
  begin(false);
  EXPECT_EQ(after(0, 64, 1s), ConnectionLoads::Load::watched);
  EXPECT_EQ(after(0, 64), ConnectionLoads::Load::light);
  EXPECT_EQ(after(kMaxUnread, 64), ConnectionLoads::Load::watched);
  EXPECT_EQ(after(kMaxUnread + 1, 64), ConnectionLoads::Load::excessive);
}

TEST_F(ConnectionLoadsTest, AreLightHoweverMuchIsReceivedIfItIsRead) {
  begin(false);
  for (int i = 0; i < 100; ++i) loads_->read(kFd, kMaxUnread);
  EXPECT_EQ(after(100 * kMaxUnread, 64), ConnectionLoads::Load::light);
  EXPECT_EQ(after(101 * kMaxUnread + 1, 64), ConnectionLoads::Load::excessive);
}

TEST_F(ConnectionLoadsTest, AreNotMadeSmallerByManyTinyMessages) {
  begin(false);
  for (int i = 0; i < 1'000'000; ++i) loads_->read(kFd, 0);
  EXPECT_EQ(after(1000, 64), ConnectionLoads::Load::light);
  EXPECT_EQ(after(1001 + kMaxUnread, 64), ConnectionLoads::Load::excessive);
}

TEST_F(ConnectionLoadsTest, AreLookedAtRarelyWhileTheyAreLightAndMemoryDoesNotGrow) {
  constexpr std::uint64_t memory = 100 << 20;
  constexpr int other = kFd + 1;
  const Time start = Time() + 1h;
  begin(false);
  loads_->opened(other, "192.0.2.2", start);
  EXPECT_EQ(loads_->due(memory, start), (std::vector{kFd, other}));
  loads_->load_of(kFd, {100, 64}, start);
  loads_->load_of(other, {100, 64}, start);
  EXPECT_EQ(loads_->due(memory, start + 100ms), std::vector{other}) << "it is new";
  loads_->load_of(other, {100, 64}, start + 3s);
  EXPECT_TRUE(loads_->due(memory, start + 200ms).empty());
  EXPECT_EQ(loads_->due(memory + (2 << 20), start + 300ms), (std::vector{kFd, other}));
  EXPECT_TRUE(loads_->due(memory + (2 << 20), start + 400ms).empty());
  EXPECT_EQ(loads_->due(memory, start + 4s), (std::vector{kFd, other}));
}

TEST_F(ConnectionLoadsTest, MayNotTakeUpFarMoreMemoryThanTheirBytes) {
  constexpr std::uint64_t mib = 1 << 20;
  constexpr int other = kFd + 1;
  begin(false);
  loads_->opened(other, "192.0.2.2", Time());
  after(100, 64);
  EXPECT_FALSE(loads_->most_costly(500 * mib)) << "that memory is our own";
  after(10 * mib, 64);
  EXPECT_FALSE(loads_->most_costly(800 * mib));
  loads_->load_of(other, {mib, 64}, Time() + 1h);
  EXPECT_EQ(loads_->most_costly(900 * mib), kFd) << "it has most unread bytes";
  EXPECT_FALSE(loads_->most_costly(900 * mib)) << "until it is seen what that has freed";
  loads_->closed(kFd);
  EXPECT_FALSE(loads_->most_costly(500 * mib));
  EXPECT_EQ(loads_->most_costly(800 * mib), other);
}

TEST_F(ConnectionLoadsTest, OfManySilentConnectionsSeemToCostNothing) {
  begin(false);
  for (int fd = 100; fd < 2100; ++fd) {
    loads_->opened(fd, "192.0.2.2", Time());
    loads_->load_of(fd, {110, 110}, Time() + 1h);
  }
  for (std::uint64_t memory = 1 << 20; memory < 1 << 30; memory += 1 << 20) {
    EXPECT_FALSE(loads_->most_costly(memory));
  }
}

TEST_F(ConnectionLoadsTest, MayBeNextToNothingBeforeThePeerHasShownTheKey) {
  begin(true);
  EXPECT_EQ(after(300, 64), ConnectionLoads::Load::watched) << "as long as that takes";
  EXPECT_EQ(after(kMaxCommandBytes + 1, 64), ConnectionLoads::Load::excessive);
  EXPECT_EQ(after(kMaxCommandBytes + 1, 300), ConnectionLoads::Load::watched);
  EXPECT_EQ(after(300, 300), ConnectionLoads::Load::light);
}

TEST_F(ConnectionLoadsTest, AreForgottenWhenTheirConnectionsAreClosed) {
  begin(false);
  EXPECT_EQ(loads_->all(), std::vector{kFd});
  EXPECT_EQ(loads_->address(kFd), "192.0.2.1");
  loads_->closed(kFd);
  EXPECT_TRUE(loads_->all().empty());
  EXPECT_FALSE(loads_->address(kFd));
  EXPECT_EQ(after(2 * kMaxUnread, 64), ConnectionLoads::Load::light);
}

}  // namespace
}  // namespace divvy
