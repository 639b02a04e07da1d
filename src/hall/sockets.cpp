#include "hall/sockets.hpp"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <cstring>
#include <filesystem>
#include <stdexcept>

#include "divvy/endpoints.hpp"
#include "divvy/messages.hpp"
#include "hall/events.hpp"

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

}  // namespace

zmq::context_t make_context() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    ::setrlimit(RLIMIT_NOFILE, &limit);
  }
  zmq::context_t context;
  context.set(zmq::ctxopt::max_sockets, context.get(zmq::ctxopt::socket_limit));
  return context;
}

Listening::~Listening() {
  if (endpoint_.starts_with("ipc:///")) ::unlink(std::string(without_scheme(endpoint_)).c_str());
}

Listening listen_on(zmq::socket_t& socket, const std::string& endpoint) {
  try {
    socket.set(zmq::sockopt::ipv6, is_ipv6(endpoint));
    if (endpoint.starts_with("ipc:///")) prepare_path(std::string(without_scheme(endpoint)));
    socket.bind(endpoint);
  } catch (const zmq::error_t& error) {
    throw std::runtime_error(
        fmt::format("cannot listen on {}: {}{}", endpoint, error.what(), advice(error.num())));
  }
  return Listening(socket.get(zmq::sockopt::last_endpoint));
}

void connect_to(zmq::socket_t& socket, const std::string& endpoint) {
  socket.set(zmq::sockopt::ipv6, is_ipv6(endpoint));
  socket.set(zmq::sockopt::reconnect_ivl, kReconnectMsec);
  socket.set(zmq::sockopt::reconnect_ivl_max, kReconnectMaxMsec);
  try {
    socket.connect(endpoint);
  } catch (const zmq::error_t& error) {
    throw std::runtime_error(fmt::format("cannot connect to {}: {}", endpoint, error.what()));
  }
}

zmq::socket_t make_pull(zmq::context_t& context) {
  zmq::socket_t socket(context, zmq::socket_type::pull);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::maxmsgsize, std::int64_t{kMaxFrameBytes});
  return socket;
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

Monitor::Monitor(zmq::context_t& context, zmq::socket_t& watched, int event)
    : watched_(watched.handle()), socket_(context, zmq::socket_type::pair) {
  static std::atomic<unsigned> made = 0;
  const std::string endpoint = fmt::format("inproc://monitor-{}", made++);
  if (zmq_socket_monitor(watched_, endpoint.c_str(), event) != 0) throw zmq::error_t();
  socket_.set(zmq::sockopt::linger, 0);
  socket_.connect(endpoint);
}

// An event for a monitor that is gone would be lost memory.
Monitor::~Monitor() { zmq_socket_monitor(watched_, nullptr, 0); }

std::vector<int> Monitor::drain() {
  std::vector<int> fds;
  while (const auto message = receive(socket_)) {
    // The first frame is the event and its value, the second one the endpoint.
    constexpr std::size_t value_at = sizeof(std::uint16_t);
    std::uint32_t value = 0;
    if (!message->more() || message->size() < value_at + sizeof value) continue;
    std::memcpy(&value, message->data<char>() + value_at, sizeof value);
    fds.push_back(static_cast<int>(value));
  }
  return fds;
}

Link::Link(zmq::context_t& context, const std::string& endpoint)
    : socket_(context, zmq::socket_type::push),
      monitor_(context, socket_, ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
  socket_.set(zmq::sockopt::linger, kLingerMsec);
  socket_.set(zmq::sockopt::immediate, true);
  connect_to(socket_, endpoint);
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
  items.push_back(monitor_.poll_item());
  if (when_writable) items.push_back({socket_.handle(), 0, ZMQ_POLLOUT, 0});
}

}  // namespace divvy
