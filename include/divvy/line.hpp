// A PUSH that keeps nothing for a peer that is not there, and tells of each new connection: then
// its user states anew what matters. For endpoints that only this machine can reach.
#pragma once

#include <optional>
#include <stdexcept>
#include <string>
#include <zmq.hpp>

#include "divvy/endpoints.hpp"

namespace divvy {

class Line {
 public:
  /// Throws std::invalid_argument if others can reach the endpoint, and zmq::error_t.
  Line(zmq::context_t& context, const std::string& endpoint)
      : push_(context, zmq::socket_type::push), news_(context, zmq::socket_type::pair) {
    if (!is_private(endpoint)) {
      throw std::invalid_argument(endpoint + " can be reached by others, and there is no key");
    }
    const std::string monitor = "inproc://news-of-" + endpoint;
    const int event = ZMQ_EVENT_HANDSHAKE_SUCCEEDED;
    if (zmq_socket_monitor(push_.handle(), monitor.c_str(), event) != 0) throw zmq::error_t();
    news_.connect(monitor);
    push_.set(zmq::sockopt::immediate, true);
    push_.set(zmq::sockopt::linger, 0);
    push_.set(zmq::sockopt::ipv6, is_ipv6(endpoint));
    push_.connect(endpoint);
  }

  /// Whether a new connection was made since the last call.
  bool connected_anew() {
    bool anew = false;
    while (receive(news_)) anew = true;
    if (anew) (void)push_.get(zmq::sockopt::events);  // the socket learns of it when it is asked
    return anew;
  }

  /// False if nobody is connected or the peer is far behind; then it is writable() later.
  bool send(const std::string& frame) {
    return push_.send(zmq::buffer(frame), zmq::send_flags::dontwait).has_value();
  }

  /// To be polled: a new connection; room for a message.
  zmq::pollitem_t news() { return {news_.handle(), 0, ZMQ_POLLIN, 0}; }
  zmq::pollitem_t writable() { return {push_.handle(), 0, ZMQ_POLLOUT, 0}; }

  /// The next message, if there is one at once.
  static std::optional<zmq::message_t> receive(zmq::socket_t& socket) {
    zmq::message_t message;
    if (!socket.recv(message, zmq::recv_flags::dontwait)) return {};
    return message;
  }

 private:
  zmq::socket_t push_;
  zmq::socket_t news_;
};

}  // namespace divvy
