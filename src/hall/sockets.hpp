// The few things that the three need of ZeroMQ sockets.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <zmq.hpp>

namespace divvy {

inline std::string_view view(const zmq::message_t& message) {
  return {message.data<char>(), message.size()};
}

/// A context for many peers: as many sockets and descriptors as the system grants.
zmq::context_t make_context();

/// Where a socket listens, with the port that was really taken. It goes before its socket does, and
/// an ipc endpoint's file with it: while the socket lives the file is nobody else's.
class Listening {
 public:
  explicit Listening(std::string endpoint) : endpoint_(std::move(endpoint)) {}
  Listening(Listening&& other) noexcept : endpoint_(std::exchange(other.endpoint_, {})) {}
  Listening& operator=(Listening&&) = delete;
  ~Listening();

  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

 private:
  std::string endpoint_;
};

/// Binds. Throws std::runtime_error with a line for the user.
Listening listen_on(zmq::socket_t& socket, const std::string& endpoint);

/// Connects, and again whenever the connection is lost. Throws std::runtime_error with a line for
/// the user.
void connect_to(zmq::socket_t& socket, const std::string& endpoint);

/// A PULL socket, not bound yet.
zmq::socket_t make_pull(zmq::context_t& context);

/// The next message, if there is one at once.
std::optional<zmq::message_t> receive(zmq::socket_t& socket);

/// The address that a message came from; empty if it is not known.
std::string peer_of(zmq::message_t& message);

/// Tells of one kind of event in the life of a socket's connections.
class Monitor {
 public:
  /// `watched` must outlive it. `event`: one of ZMQ_EVENT_...
  Monitor(zmq::context_t& context, zmq::socket_t& watched, int event);
  ~Monitor();
  Monitor(const Monitor&) = delete;
  Monitor& operator=(const Monitor&) = delete;

  /// The descriptors of the connections that it has happened to since the last call.
  std::vector<int> drain();

  [[nodiscard]] zmq::pollitem_t poll_item() { return {socket_.handle(), 0, ZMQ_POLLIN, 0}; }

 private:
  void* watched_;
  zmq::socket_t socket_;
};

/// A PUSH to one endpoint that connects again by itself. It holds no message for a peer that is not
/// there: whoever uses it states what matters once more on each new connection. That one habit
/// makes a restart of any peer harmless.
class Link {
 public:
  Link(zmq::context_t& context, const std::string& endpoint);

  /// False if nobody is connected or the peer is far behind; then it is writable() later.
  bool send(std::string_view frame);

  /// Whether a new connection was made since the last call.
  bool connected_anew();

  /// Wakes up on a new connection and, if `when_writable`, when a message can be sent.
  void add_to(std::vector<zmq::pollitem_t>& items, bool when_writable);

 private:
  zmq::socket_t socket_;
  Monitor monitor_;
};

/// How long a closing socket may take to deliver its last messages.
inline constexpr int kLingerMsec = 1000;

}  // namespace divvy
