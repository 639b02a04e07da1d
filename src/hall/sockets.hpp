// The few things that the three need of ZeroMQ sockets.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "hall/context.hpp"

namespace divvy {

class Notices;

inline std::string_view view(const zmq::message_t& message) {
  return {message.data<char>(), message.size()};
}

/// The next message, if there is one at once.
std::optional<zmq::message_t> receive(zmq::socket_t& socket);

/// The address that a message came from; empty if it is not known.
std::string peer_of(zmq::message_t& message);

/// Tells of events in the life of a socket's connections.
class Monitor {
 public:
  struct Event {
    int kind = 0;   // ZMQ_EVENT_...
    int value = 0;  // most often the connection's descriptor
    std::string endpoint;
  };

  /// `watched` must outlive it. `events`: ZMQ_EVENT_..., or several of them.
  Monitor(Context& context, zmq::socket_t& watched, int events);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  /// What has happened since the last call.
  std::vector<Event> drain();

  void add_to(std::vector<zmq::pollitem_t>& items) {
    items.push_back({socket_.handle(), 0, ZMQ_POLLIN, 0});
  }

 private:
  void* watched_;
  zmq::socket_t socket_;
};

/// A PUSH socket for a Link. It holds no message for a peer that is not there.
zmq::socket_t make_push(Context& context);

/// A socket that connects to one endpoint, and again by itself whenever the connection is lost.
/// Whoever sends through it states what matters once more on each new connection: that one habit
/// makes a restart of any peer harmless.
class Link {
 public:
  /// Throws std::runtime_error with a line for the user.
  Link(Context& context, zmq::socket_t socket, const std::string& endpoint);

  /// False if nobody is connected or the peer is far behind.
  bool send(std::string_view frame);
  /// The next message, if there is one at once.
  std::optional<zmq::message_t> receive() { return divvy::receive(socket_); }

  /// Whether a new connection was made since the last call. Whom we could not talk to is told.
  bool connected_anew(Notices& notices);

  /// Wakes up when there are news of connections and, if `for_messages`, when a message can be sent
  /// or received.
  void add_to(std::vector<zmq::pollitem_t>& items, bool for_messages);

 private:
  [[nodiscard]] const char* why_not(int event) const;

  const Context& context_;
  zmq::socket_t socket_;
  Monitor monitor_;
};

/// How long a closing socket may take to deliver its last messages.
inline constexpr int kLingerMsec = 1000;

}  // namespace divvy
