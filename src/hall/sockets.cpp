#include "hall/sockets.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "divvy/endpoints.hpp"
#include "divvy/limits.hpp"
#include "hall/events.hpp"
#include "hall/program.hpp"

namespace divvy {
namespace {

// A first attempt to connect often comes a moment too early, later ones need not be frequent.
constexpr int kReconnectMsec = 20;
constexpr int kReconnectMaxMsec = 1000;

// ZeroMQ removes whatever is at an ipc path before it listens there, also what a living process
// listens on.
bool is_served(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  const Descriptor probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  return ::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

void prepare_path(const std::string& path) {
  const auto directory = std::filesystem::path(path).parent_path();
  if (!directory.empty()) ::mkdir(directory.c_str(), 0700);  // most often it is there
  if (is_served(path)) throw zmq::error_t(EADDRINUSE);
}

std::string advice(int error) {
  switch (error) {
    case EADDRINUSE:
      return "; another one is running there, end it or choose another address with --at";
    case EADDRNOTAVAIL:
    case ENODEV:
      return "; that is no address of this machine";
    default:
      return "";
  }
}

constexpr int kAtTheDoor = ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED |
                           ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                           ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;

// Empty if it is gone already, or has no address of its own.
std::string address_of_peer(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  std::array<char, NI_MAXHOST> host{};
  const bool known =
      ::getpeername(fd, raw, &size) == 0 && raw->sa_family != AF_UNIX &&
      ::getnameinfo(raw, size, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) == 0;
  return known ? host.data() : "";
}

}  // namespace

zmq::socket_t make_pull(Context& context, std::uint32_t max_frame_bytes) {
  zmq::socket_t socket = context.socket(zmq::socket_type::pull);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::maxmsgsize, std::int64_t{max_frame_bytes});
  socket.set(zmq::sockopt::rcvhwm, kMaxUnreadFrames);
  return socket;
}

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

Listening::Listening(Context& context, zmq::socket_t& socket, const std::string& endpoint)
    : context_(context), monitor_(context, socket, kAtTheDoor) {
  try {
    context.secure_to_bind(socket);
    socket.set(zmq::sockopt::ipv6, is_ipv6(endpoint));
    if (endpoint.starts_with("ipc:///")) prepare_path(std::string(without_scheme(endpoint)));
    socket.bind(endpoint);
  } catch (const zmq::error_t& error) {
    throw std::runtime_error(
        fmt::format("cannot listen on {}: {}{}", endpoint, error.what(), advice(error.num())));
  }
  endpoint_ = socket.get(zmq::sockopt::last_endpoint);
}

Listening::~Listening() {
  if (endpoint_.starts_with("ipc:///")) ::unlink(std::string(without_scheme(endpoint_)).c_str());
}

// Of a connection that fails libzmq tells first that it failed, and then which one is closed.
Listening::News Listening::news(Notices& notices) {
  News news;
  for (const auto& [kind, value, endpoint] : monitor_.drain()) {
    switch (kind) {
      case ZMQ_EVENT_ACCEPTED:
        guests_[value] = address_of_peer(value);
        break;
      case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        ++news.arrived;
        break;
      case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        failed_ = endpoint;
        break;
      case ZMQ_EVENT_DISCONNECTED:
        if (failed_) tell_of_failure(value, notices);
        guests_.erase(value);
        news.closed.push_back(value);
        break;
    }
  }
  return news;
}

// A socket that listens may have connected somewhere, too.
void Listening::tell_of_failure(int fd, Notices& notices) {
  const std::string endpoint = *std::exchange(failed_, {});
  const char* const why =
      context_.has_key() ? "it does not have the key" : "it has a key, or is no ZeroMQ";
  if (const auto guest = guests_.find(fd); guest != guests_.end()) {
    const std::string who = guest->second.empty() ? "somebody" : guest->second;
    notices.seldom(who, fmt::format("refused {}: {}", who, why));
  } else {
    notices.seldom(endpoint, fmt::format("cannot talk to {}: {}", endpoint, why));
  }
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
