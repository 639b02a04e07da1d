#include "common/connection_load.hpp"

#include <algorithm>
#include <chrono>

#include "divvy/protocol.hpp"

namespace divvy {
namespace {

// More than ZeroMQ and the key's encryption put around a message.
constexpr std::uint64_t kFraming = 64;
// ZeroMQ greets every peer with 64 bytes; only a peer with the key is sent more, some 200 bytes.
constexpr std::uint64_t kZmtpGreeting = 100;
constexpr std::chrono::seconds kNew(2);
constexpr std::chrono::seconds kLookAtAll(3);
constexpr std::uint64_t kUnnoticed = 1 << 20;
// A frame takes some 64 bytes of memory besides its own, also one of two bytes on the wire. Honest
// frames are large, and are copied once or twice while they are handled.
constexpr std::uint64_t kMemoryPerUnread = 8;
// The bytes of a handshake never come out of the socket as a message, so they stay unread.
constexpr std::uint64_t kHandshake = 1000;
// What else may make this process grow meanwhile.
constexpr std::uint64_t kOwnGrowth = 256 << 20;

}  // namespace

void ConnectionLoads::read(int fd, std::size_t bytes) {
  if (const auto at = connections_.find(fd); at != connections_.end()) {
    at->second.read += bytes + kFraming;
  }
}

std::optional<std::string> ConnectionLoads::address(int fd) const {
  const auto at = connections_.find(fd);
  if (at == connections_.end()) return {};
  return at->second.address;
}

std::vector<int> ConnectionLoads::all() const {
  std::vector<int> fds;
  for (const auto& [fd, connection] : connections_) fds.push_back(fd);
  return fds;
}

// What a thousand connections have brought takes a while to ask. But it is in our memory.
std::vector<int> ConnectionLoads::due(std::uint64_t memory, Time now) {
  if (memory > all_due_beyond_ || now >= all_due_at_) {
    all_due_beyond_ = memory + kUnnoticed;
    all_due_at_ = now + kLookAtAll;
    return all();
  }
  std::vector<int> fds;
  for (const auto& [fd, connection] : connections_) {
    if (connection.load != Load::light) fds.push_back(fd);
  }
  return fds;
}

ConnectionLoads::Load ConnectionLoads::load_of(int fd, Traffic traffic, Time now) {
  const auto at = connections_.find(fd);
  if (at == connections_.end()) return Load::light;
  Connection& connection = at->second;
  // kFraming is more than the truth: many tiny messages must not count as more than was received,
  // or their sender could leave as much unread later.
  connection.read = std::min(connection.read, traffic.received);
  const std::uint64_t unread = connection.unread = traffic.received - connection.read;
  const bool keyless = needs_key_ && traffic.sent <= kZmtpGreeting;
  if (unread > (keyless ? kMaxCommandBytes : max_unread_)) return Load::excessive;
  const bool established = now - connection.since > kNew;
  const bool light = established && !keyless && unread <= kMaxCommandBytes;
  return connection.load = light ? Load::light : Load::watched;
}

std::optional<int> ConnectionLoads::most_costly(std::uint64_t memory) {
  std::uint64_t unread = 0;
  for (const auto& [fd, connection] : connections_) {
    if (connection.unread > kHandshake) unread += connection.unread;
  }
  own_memory_ = unread < kMaxCommandBytes ? memory : std::min(own_memory_, memory);
  if (memory - own_memory_ <= kOwnGrowth + kMemoryPerUnread * unread) return {};
  own_memory_ = memory;  // it takes a while until theirs is freed
  const auto less = [](const auto& a, const auto& b) { return a.second.unread < b.second.unread; };
  return std::max_element(connections_.begin(), connections_.end(), less)->first;
}

}  // namespace divvy
