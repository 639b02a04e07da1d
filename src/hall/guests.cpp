#include "hall/guests.hpp"

#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "divvy/limits.hpp"

namespace divvy {
namespace {

// More than ZeroMQ and the key's encryption put around a message.
constexpr std::uint64_t kFraming = 64;
// Everybody is greeted with 64 bytes; only who has the key is told more, by some 200 bytes.
constexpr std::uint64_t kGreeting = 100;
constexpr std::chrono::seconds kNew(2);
// A frame takes some 64 bytes besides its own, also one of two bytes on the wire. Honest ones are
// large, and are copied once or twice while they are handled.
constexpr std::uint64_t kBloat = 8;
// Shaking hands, with whoever never says anything else: no message, so never heard.
constexpr std::uint64_t kCourtesies = 1000;
// What else may make us grow meanwhile.
constexpr std::uint64_t kOwnGrowth = 256 << 20;

}  // namespace

void Guests::heard(int fd, std::size_t bytes) {
  if (const auto guest = guests_.find(fd); guest != guests_.end()) {
    guest->second.heard += bytes + kFraming;
  }
}

std::optional<std::string> Guests::address(int fd) const {
  const auto guest = guests_.find(fd);
  if (guest == guests_.end()) return {};
  return guest->second.address;
}

std::vector<int> Guests::all() const {
  std::vector<int> fds;
  for (const auto& [fd, guest] : guests_) fds.push_back(fd);
  return fds;
}

Guests::Manner Guests::manner_of(int fd, Traffic traffic, Time now) {
  const auto found = guests_.find(fd);
  if (found == guests_.end()) return Manner::quiet;
  Guest& guest = found->second;
  // Framing is counted generously, and must not add up to a licence.
  guest.heard = std::min(guest.heard, traffic.from);
  const std::uint64_t unread = guest.unread = traffic.from - guest.heard;
  const bool stranger = locked_ && traffic.to <= kGreeting;
  if (unread > (stranger ? kMaxCommandBytes : most_unread_)) return Manner::overloads;
  const bool calm = !stranger && unread <= kMaxCommandBytes && now - guest.since > kNew;
  return calm ? Manner::quiet : Manner::busy;
}

std::optional<int> Guests::most_costly(std::uint64_t memory) {
  std::uint64_t unread = 0;
  for (const auto& [fd, guest] : guests_) {
    if (guest.unread > kCourtesies) unread += guest.unread;
  }
  own_memory_ = unread < kMaxCommandBytes ? memory : std::min(own_memory_, memory);
  if (memory - own_memory_ <= kOwnGrowth + kBloat * unread) return {};
  own_memory_ = memory;  // it takes a while until theirs is freed
  const auto less = [](const auto& a, const auto& b) { return a.second.unread < b.second.unread; };
  return std::max_element(guests_.begin(), guests_.end(), less)->first;
}

std::uint64_t memory_used() {
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  statm >> pages >> pages;  // the second figure is what is resident
  return pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

std::optional<Guests::Traffic> traffic_of(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  return Guests::Traffic{info.tcpi_bytes_received, info.tcpi_bytes_acked};
}

}  // namespace divvy
