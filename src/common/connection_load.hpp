// How much of what a listening socket's connections have sent is still unread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "common/time.hpp"

namespace divvy {

/// ZeroMQ limits a frame, but neither a message, which may have any number of frames, nor what is
/// sent before the key was shown. So what the system has received from a connection, less what came
/// out of the socket as messages, is in our memory: that is the connection's load.
class ConnectionLoads {
 public:
  /// Bytes that passed a connection.
  struct Traffic {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
  };

  /// `max_unread`: bytes that a connection may have brought and are not read yet. `needs_key`:
  /// until the peer has shown the key, they are kMaxCommandBytes at most.
  ConnectionLoads(std::uint64_t max_unread, bool needs_key)
      : max_unread_(max_unread), needs_key_(needs_key) {}

  /// Connections are named by their descriptor.
  void opened(int fd, std::string address, Time now) {
    connections_[fd] = {.address = std::move(address), .since = now};
  }
  void closed(int fd) { connections_.erase(fd); }
  /// A message of so many bytes came out of the socket.
  void read(int fd, std::size_t bytes);

  /// Nothing if there is no such connection; empty if its peer has no address.
  [[nodiscard]] std::optional<std::string> address(int fd) const;
  [[nodiscard]] std::vector<int> all() const;
  [[nodiscard]] bool empty() const { return connections_.empty(); }

  enum class Load {
    light,
    watched,    // may soon be excessive, or the connection is new
    excessive,  // more than is allowed
  };
  /// Those whose load is to be looked at now: all of them every few seconds, and whenever this
  /// process, which uses `memory` bytes, has grown; otherwise those that were not light.
  std::vector<int> due(std::uint64_t memory, Time now);
  Load load_of(int fd, Traffic traffic, Time now);
  /// The connection with most unread bytes, if the unread bytes of all take up memory out of
  /// proportion. `memory`: bytes that this process uses. To be asked after load_of() for each that
  /// is due.
  std::optional<int> most_costly(std::uint64_t memory);

 private:
  struct Connection {
    std::string address{};
    Time since{};
    std::uint64_t read = 0;  // bytes, framing included
    std::uint64_t unread = 0;
    Load load = Load::watched;
  };

  std::uint64_t max_unread_;
  bool needs_key_;
  std::map<int, Connection> connections_;
  std::uint64_t own_memory_ = std::numeric_limits<std::uint64_t>::max();  // with next to no load
  std::uint64_t all_due_beyond_ = 0;                                      // so many bytes of memory
  Time all_due_at_;
};

}  // namespace divvy
