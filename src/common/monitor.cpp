#include "common/monitor.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <cstring>

#include "common/message.hpp"

namespace divvy {

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
    events.push_back({.kind = kind,
                      .value = static_cast<int>(value),
                      .endpoint = endpoint ? endpoint->to_string() : ""});
  }
  return events;
}

}  // namespace divvy
