// A socket that listens, and its connections.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "common/connection_load.hpp"
#include "common/context.hpp"
#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/monitor.hpp"

namespace divvy {

/// How often a listener sends each connection over TCP a heartbeat, and how long after one who has
/// connected gives a connection up that is silent.
struct Heartbeat {
  std::chrono::milliseconds every;
  std::chrono::milliseconds lost_after;
};
/// Where nothing else shows that a connection is dead, such as a message that is not acknowledged.
inline constexpr Heartbeat kQuickHeartbeat{std::chrono::milliseconds(500),
                                           std::chrono::milliseconds(1500)};
/// So that no firewall between forgets a connection.
inline constexpr Heartbeat kSlowHeartbeat{std::chrono::seconds(10), std::chrono::seconds(30)};

/// A PULL socket, not bound yet. A connection that brings a longer frame is closed.
zmq::socket_t make_pull(Context& context, std::uint32_t max_frame_bytes);

/// Where a socket listens, with the port that was really taken. An ipc endpoint's file is gone
/// before its socket is: while the socket lives the file is nobody else's. While descriptors are
/// scarce newcomers are refused, and try again by themselves.
class Listener {
 public:
  /// Binds. Throws std::runtime_error with a line for the user.
  Listener(Context& context, zmq::socket_t socket, const std::string& endpoint,
           Heartbeat heartbeat = kSlowHeartbeat);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }
  [[nodiscard]] zmq::socket_t& socket() { return socket_; }

  /// The next message, if there is one at once.
  std::optional<zmq::message_t> receive();

  /// What has happened since the last call. Whose connection was refused, or closed for its load,
  /// is told to the user, not returned.
  struct Events {
    std::size_t connected = 0;
    std::vector<int> disconnected;  // descriptors
  };
  Events events(Log& log);
  /// Whether anybody is connected.
  [[nodiscard]] bool has_connections() const { return !loads_.empty(); }
  /// Of a connection that has brought a message: whether events() has not told its end.
  [[nodiscard]] bool is_open(int connection) const {
    return loads_.address(connection).has_value();
  }
  /// Closes these connections, as connection_of() has them. The peers connect again and state anew
  /// what matters.
  static void disconnect(const std::set<int>& connections);

  /// Readable when there may be events; for who watches many of them in one descriptor.
  [[nodiscard]] int events_fd() { return monitor_.fd(); }
  /// Whether events() is to be called soon even if there are none.
  [[nodiscard]] bool watched() const { return watched_ || accept_at_; }

  /// Wakes up when there are events and, if `for_messages`, when there is a message.
  void add_to(EventLoop& loop, bool for_messages = true);

 private:
  [[nodiscard]] std::string name_of(int fd) const;
  void tell_of_failure(int fd, const Monitor::Event& failure, Log& log);
  void limit_load(Log& log);
  void close_overloaded(int fd, Log& log);
  void accepted(int fd, Log& log);
  void refuse_newcomers(Log& log);
  void accept_again();

  const Context& context_;
  zmq::socket_t socket_;
  Monitor monitor_;
  std::string endpoint_;
  ConnectionLoads loads_;
  Time load_at_;                                    // when loads are next looked at
  bool watched_ = false;                            // also wake up for it
  bool asks_;                                       // who may connect, besides for the key
  std::optional<Monitor::Event> failed_handshake_;  // of the connection that is closed next
  int listening_fd_ = -1;
  std::optional<Time> accept_at_;  // when to look whether there are descriptors again
};

}  // namespace divvy
