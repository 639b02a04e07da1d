// The connections of a socket that listens, and how much of what they brought is still on its way.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "hall/events.hpp"

namespace divvy {

/// ZeroMQ limits a frame, but neither a message, which may have any number of frames, nor what is
/// sent before the key was shown. So each connection is weighed: what the system has received from
/// it, less what came out of the socket, is kept in our memory.
class Guests {
 public:
  /// Bytes that passed a connection.
  struct Traffic {
    std::uint64_t from = 0;  // the guest
    std::uint64_t to = 0;    // the guest
  };

  /// `most_unread`: bytes that a guest may have brought and are not heard yet. `locked`: until it
  /// has shown the key, they are kMaxCommandBytes at most.
  Guests(std::uint64_t most_unread, bool locked) : most_unread_(most_unread), locked_(locked) {}

  /// By the connection's descriptor.
  void arrived(int fd, std::string address, Time now) { guests_[fd] = {std::move(address), now}; }
  void left(int fd) { guests_.erase(fd); }
  /// A message of so many bytes came out of the socket.
  void heard(int fd, std::size_t bytes);

  /// Nothing if there is no such guest; empty if it has no address of its own.
  [[nodiscard]] std::optional<std::string> address(int fd) const;
  [[nodiscard]] std::vector<int> all() const;
  enum class Manner {
    quiet,
    busy,       // may soon have brought too much, or has only just come
    overloads,  // brought too much
  };
  Manner manner_of(int fd, Traffic traffic, Time now);
  /// Who has brought most that is not heard yet, if all that is takes up memory out of proportion.
  /// `memory`: bytes that this process uses. To be asked when all have been weighed.
  std::optional<int> most_costly(std::uint64_t memory);

 private:
  struct Guest {
    std::string address;
    Time since;
    std::uint64_t heard = 0;  // bytes, framing included
    std::uint64_t unread = 0;
  };

  std::uint64_t most_unread_;
  bool locked_;
  std::map<int, Guest> guests_;
  std::uint64_t own_memory_ = std::numeric_limits<std::uint64_t>::max();  // nearly nothing unread
};

/// Bytes of memory that this process uses.
std::uint64_t memory_used();

/// What the system knows of a connection; nothing if it is not over TCP, or gone.
std::optional<Guests::Traffic> traffic_of(int fd);

}  // namespace divvy
