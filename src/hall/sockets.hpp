// The few things that the three need of ZeroMQ sockets.
#pragma once

#include <map>
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

/// A PULL socket, not bound yet. A connection that brings a longer frame is closed.
zmq::socket_t make_pull(Context& context, std::uint32_t max_frame_bytes);

/// Connects, and again whenever the connection is lost. Throws std::runtime_error with a line for
/// the user.
void connect_to(Context& context, zmq::socket_t& socket, const std::string& endpoint);

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

/// Where a socket listens, with the port that was really taken, and who comes and goes there. It
/// goes before its socket does, and an ipc endpoint's file with it: while the socket lives the file
/// is nobody else's.
class Listening {
 public:
  /// Binds. Throws std::runtime_error with a line for the user.
  Listening(Context& context, zmq::socket_t& socket, const std::string& endpoint);
  ~Listening();
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }

  void add_to(std::vector<zmq::pollitem_t>& items) { monitor_.add_to(items); }

  /// What has happened since the last call. Who was refused is told, not returned.
  struct News {
    std::size_t arrived = 0;
    std::vector<int> closed;  // descriptors of connections
  };
  News news(Notices& notices);

 private:
  void tell_of_failure(int fd, Notices& notices);

  const Context& context_;
  Monitor monitor_;
  std::string endpoint_;
  std::map<int, std::string> guests_;  // addresses of those who came here, by descriptor
  std::optional<std::string> failed_;  // the next one that is gone has failed: the endpoint
};

/// A PUSH to one endpoint that connects again by itself. It holds no message for a peer that is not
/// there: whoever uses it states what matters once more on each new connection. That one habit
/// makes a restart of any peer harmless.
class Link {
 public:
  Link(Context& context, const std::string& endpoint);

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
