// A socket that connects to one peer.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <zmq.hpp>

#include "common/context.hpp"
#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/monitor.hpp"

namespace divvy {

/// How long a closing socket may take to deliver its last messages, in milliseconds.
inline constexpr int kLingerMsec = 1000;
/// A lost connection is made again within this time, in milliseconds, if the peer listens.
inline constexpr int kReconnectMaxMsec = 1000;
/// A host that does not even refuse a connection is asked again after so many milliseconds.
inline constexpr int kConnectTimeoutMsec = 2000;

/// A PUSH socket for a Connection. It holds no message for a peer that is not there.
zmq::socket_t make_push(Context& context);

/// The same for one who says to a ventilator's feedback how it is, again and again: a connection on
/// which that is not acknowledged is dead, or forgotten by a firewall. The kernel notices and
/// ZeroMQ connects again, before the silence is taken for an end.
zmq::socket_t make_feedback_push(Context& context);

/// A socket that connects to one endpoint, and again by itself whenever the connection is lost.
/// The sender states its state again on each new connection: that one habit makes a restart of any
/// peer harmless.
class Connection {
 public:
  /// Throws std::runtime_error with a line for the user.
  Connection(Context& context, zmq::socket_t socket, const std::string& endpoint);

  /// Whether send() would send.
  [[nodiscard]] bool has_room() const;
  /// False if nobody is connected or the peer is far behind.
  bool send(std::string_view frame);
  /// The next message, if there is one at once.
  std::optional<zmq::message_t> receive();

  /// Whether a new connection was made since the last call. Failed handshakes are told to the user.
  bool connected_anew(Log& log);
  /// Whether there is a connection, as far as the last connected_anew() has heard.
  [[nodiscard]] bool connected() const { return connected_; }

  /// Wakes up at events of the connection and, if `for_messages`, when a message can be sent or
  /// received.
  void add_to(EventLoop& loop, bool for_messages);

 private:
  [[nodiscard]] const char* reason_of(const Monitor::Event& event);

  const Context& context_;
  zmq::socket_t socket_;
  Monitor monitor_;
  bool connected_ = false;
  bool closed_unheard_ = false;  // by the peer, in a handshake, since it was last connected
};

}  // namespace divvy
