#include "common/connection.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "common/message.hpp"
#include "common/peer_endpoint.hpp"

namespace divvy {
namespace {

// A first attempt to connect often comes a moment too early, later ones need not be frequent.
constexpr int kReconnectMsec = 20;
constexpr int kUnacknowledgedMsec = 1500;

constexpr int kEvents = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                        ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                        ZMQ_EVENT_DISCONNECTED;

}  // namespace

zmq::socket_t make_push(Context& context) {
  zmq::socket_t socket = context.socket(zmq::socket_type::push);
  socket.set(zmq::sockopt::linger, kLingerMsec);
  socket.set(zmq::sockopt::immediate, true);
  return socket;
}

zmq::socket_t make_feedback_push(Context& context) {
  zmq::socket_t socket = make_push(context);
  socket.set(zmq::sockopt::tcp_maxrt, kUnacknowledgedMsec);
  return socket;
}

Connection::Connection(Context& context, zmq::socket_t socket, const std::string& endpoint)
    : context_(context), socket_(std::move(socket)), monitor_(context, socket_, kEvents) {
  context.secure_to_connect(socket_);
  socket_.set(zmq::sockopt::ipv6, is_ipv6(endpoint));
  socket_.set(zmq::sockopt::reconnect_ivl, kReconnectMsec);
  socket_.set(zmq::sockopt::reconnect_ivl_max, kReconnectMaxMsec);
  socket_.set(zmq::sockopt::connect_timeout, kConnectTimeoutMsec);
  try {
    socket_.connect(endpoint);
  } catch (const zmq::error_t& error) {
    throw std::runtime_error(fmt::format("cannot connect to {}: {}", endpoint, error.what()));
  }
}

bool Connection::has_room() const { return (socket_.get(zmq::sockopt::events) & ZMQ_POLLOUT) != 0; }

bool Connection::send(std::string_view frame) {
  return socket_.send(zmq::buffer(frame), zmq::send_flags::dontwait).has_value();
}

std::optional<zmq::message_t> Connection::receive() { return divvy::receive(socket_); }

bool Connection::connected_anew(Log& log) {
  bool anew = false;
  for (const Monitor::Event& event : monitor_.drain()) {
    if (event.kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
      anew = connected_ = true;
      closed_unheard_ = false;
    } else if (event.kind == ZMQ_EVENT_DISCONNECTED) {
      connected_ = false;
    } else if (const char* const reason = reason_of(event)) {
      log.warn_rate_limited(event.endpoint,
                            fmt::format("cannot talk to {}: {}", event.endpoint, reason));
    }
  }
  // The socket learns of its new connection when it next looks, and sending looks only so often.
  if (anew) (void)socket_.get(zmq::sockopt::events);
  return anew;
}

// A peer with another key closes the connection without a reason, each time. So does one that ends
// just then, but only once.
const char* Connection::reason_of(const Monitor::Event& event) {
  if (event.kind != ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) {
    return context_.mismatch(event.kind, event.value);
  }
  const bool again = std::exchange(closed_unheard_, true);
  return again && context_.has_key() ? "it closed the connection, perhaps for it has another key"
                                     : nullptr;
}

void Connection::add_to(EventLoop& loop, bool for_messages) {
  monitor_.add_to(loop);
  if (for_messages) loop.watch(socket_, ZMQ_POLLIN | ZMQ_POLLOUT);
}

}  // namespace divvy
