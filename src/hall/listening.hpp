// A socket that listens, and who comes and goes there.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "hall/context.hpp"
#include "hall/events.hpp"
#include "hall/guests.hpp"
#include "hall/sockets.hpp"

namespace divvy {

class Notices;

/// A PULL socket, not bound yet. A connection that brings a longer frame is closed.
zmq::socket_t make_pull(Context& context, std::uint32_t max_frame_bytes);

/// Where a socket listens, with the port that was really taken. An ipc endpoint's file is gone
/// before its socket is: while the socket lives the file is nobody else's.
class Listening {
 public:
  /// Binds. Throws std::runtime_error with a line for the user.
  Listening(Context& context, zmq::socket_t socket, const std::string& endpoint);
  ~Listening();
  Listening(const Listening&) = delete;
  Listening& operator=(const Listening&) = delete;

  [[nodiscard]] const std::string& endpoint() const { return endpoint_; }
  [[nodiscard]] zmq::socket_t& socket() { return socket_; }

  /// The next message, if there is one at once.
  std::optional<zmq::message_t> receive();

  /// What has happened since the last call. Who was refused, or brought too much and was shown out,
  /// is told, not returned.
  struct News {
    std::size_t arrived = 0;
    std::vector<int> closed;  // descriptors of connections
  };
  News news(Notices& notices);
  /// Closes all connections. The others connect again and state anew what matters.
  void dismiss_all(Notices& notices);

  /// Wakes up when there are news and, if `for_messages`, when there is a message.
  void add_to(std::vector<zmq::pollitem_t>& items, bool for_messages = true);

 private:
  [[nodiscard]] std::string name_of(int fd) const;
  void tell_of_failure(int fd, Notices& notices);
  void weigh(Notices& notices);
  void trim(Time now);
  void show_out(int fd, Notices& notices);

  const Context& context_;
  zmq::socket_t socket_;
  Monitor monitor_;
  std::string endpoint_;
  Guests guests_;
  Timer timer_;
  Time weigh_at_;         // the guests, not before
  std::size_t left_ = 0;  // how many have, since memory was given back
  Time trim_until_;       // memory is given back now and then
  Time trim_at_;          // not before
  bool failed_ = false;   // the next one that is gone has failed to get in
};

}  // namespace divvy
