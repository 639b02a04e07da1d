#include "hall/sockets.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstring>
#include <stdexcept>

#include "divvy/endpoints.hpp"

namespace divvy {
namespace {

// A first attempt to connect often comes a moment too early, later ones need not be frequent.
constexpr int kReconnectMsec = 20;
constexpr int kReconnectMaxMsec = 1000;

}  // namespace

void connect_to(Context& context, zmq::socket_t& socket, const std::string& endpoint) {
  context.secure_to_connect(socket);
  socket.set(zmq::sockopt::ipv6, is_ipv6(endpoint));
  socket.set(zmq::sockopt::reconnect_ivl, kReconnectMsec);
  socket.set(zmq::sockopt::reconnect_ivl_max, kReconnectMaxMsec);
  try {
    socket.connect(endpoint);
  } catch (const zmq::error_t& error) {
    throw std::runtime_error(fmt::format("cannot connect to {}: {}", endpoint, error.what()));
  }
}

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

Link::Link(Context& context, const std::string& endpoint)
    : socket_(context.socket(zmq::socket_type::push)),
      monitor_(context, socket_, ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
  socket_.set(zmq::sockopt::linger, kLingerMsec);
  socket_.set(zmq::sockopt::immediate, true);
  connect_to(context, socket_, endpoint);
}

bool Link::send(std::string_view frame) {
  return socket_.send(zmq::buffer(frame), zmq::send_flags::dontwait).has_value();
}

bool Link::connected_anew() {
  if (monitor_.drain().empty()) return false;
  // The socket learns of its new connection when it next looks, and sending looks only so often.
  (void)socket_.get(zmq::sockopt::events);
  return true;
}

void Link::add_to(std::vector<zmq::pollitem_t>& items, bool when_writable) {
  monitor_.add_to(items);
  if (when_writable) items.push_back({socket_.handle(), 0, ZMQ_POLLOUT, 0});
}

}  // namespace divvy
