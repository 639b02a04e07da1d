#include "hall/sockets.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "divvy/endpoints.hpp"
#include "hall/program.hpp"

namespace divvy {
namespace {

// A first attempt to connect often comes a moment too early, later ones need not be frequent.
constexpr int kReconnectMsec = 20;
constexpr int kReconnectMaxMsec = 1000;

constexpr int kHandshakes = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                            ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                            ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;

}  // namespace

std::optional<zmq::message_t> receive(zmq::socket_t& socket) {
  zmq::message_t message;
  if (!socket.recv(message, zmq::recv_flags::dontwait)) return {};
  return message;
}

std::string peer_of(zmq::message_t& message) {
  try {
    return message.gets("Peer-Address");
  } catch (const zmq::error_t&) {
    return {};
  }
}

Monitor::Monitor(Context& context, zmq::socket_t& watched, int events)
    : watched_(watched.handle()), socket_(context.socket(zmq::socket_type::pair)) {
  static std::atomic<unsigned> made = 0;
  const std::string endpoint = fmt::format("inproc://monitor-{}", made++);
  if (zmq_socket_monitor(watched_, endpoint.c_str(), events) != 0) throw zmq::error_t();
  socket_.set(zmq::sockopt::linger, 0);
  // ZeroMQ's own thread must never wait for us to read: we wait for it when a socket closes.
  socket_.set(zmq::sockopt::rcvhwm, 0);
  socket_.connect(endpoint);
}

// An event for a monitor that is gone would be lost memory.
Monitor::~Monitor() { zmq_socket_monitor(watched_, nullptr, 0); }

std::vector<Monitor::Event> Monitor::drain() {
  std::vector<Event> events;
  while (const auto message = receive(socket_)) {
    // The first frame is the event and its value, the second one the endpoint.
    std::uint16_t kind = 0;
    std::uint32_t value = 0;
    if (!message->more() || message->size() < sizeof kind + sizeof value) continue;
    std::memcpy(&kind, message->data<char>(), sizeof kind);
    std::memcpy(&value, message->data<char>() + sizeof kind, sizeof value);
    const auto endpoint = receive(socket_);
    events.push_back({kind, static_cast<int>(value), endpoint ? endpoint->to_string() : ""});
  }
  return events;
}

zmq::socket_t make_push(Context& context) {
  zmq::socket_t socket = context.socket(zmq::socket_type::push);
  socket.set(zmq::sockopt::linger, kLingerMsec);
  socket.set(zmq::sockopt::immediate, true);
  return socket;
}

Link::Link(Context& context, zmq::socket_t socket, const std::string& endpoint)
    : context_(context), socket_(std::move(socket)), monitor_(context, socket_, kHandshakes) {
  context.secure_to_connect(socket_);
  socket_.set(zmq::sockopt::ipv6, is_ipv6(endpoint));
  socket_.set(zmq::sockopt::reconnect_ivl, kReconnectMsec);
  socket_.set(zmq::sockopt::reconnect_ivl_max, kReconnectMaxMsec);
  try {
    socket_.connect(endpoint);
  } catch (const zmq::error_t& error) {
    throw std::runtime_error(fmt::format("cannot connect to {}: {}", endpoint, error.what()));
  }
}

bool Link::send(std::string_view frame) {
  return socket_.send(zmq::buffer(frame), zmq::send_flags::dontwait).has_value();
}

bool Link::connected_anew(Notices& notices) {
  bool anew = false;
  for (const auto& [kind, value, endpoint] : monitor_.drain()) {
    if (kind == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
      anew = true;
    } else if (const char* const why = why_not(kind)) {
      notices.seldom(endpoint, fmt::format("cannot talk to {}: {}", endpoint, why));
    }
  }
  // The socket learns of its new connection when it next looks, and sending looks only so often.
  if (anew) (void)socket_.get(zmq::sockopt::events);
  return anew;
}

// Whoever has another key hangs up on us without a word. So does who is killed just then.
const char* Link::why_not(int event) const {
  if (event != ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL) return context_.why_not();
  return context_.has_key() ? "it hung up, perhaps for it has another key" : nullptr;
}

void Link::add_to(std::vector<zmq::pollitem_t>& items, bool for_messages) {
  monitor_.add_to(items);
  if (for_messages) items.push_back({socket_.handle(), 0, ZMQ_POLLIN | ZMQ_POLLOUT, 0});
}

}  // namespace divvy
