#include "common/listener.hpp"

#include <fmt/format.h>
#include <linux/filter.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "common/clock.hpp"
#include "common/descriptor.hpp"
#include "common/host.hpp"
#include "common/memory_trim.hpp"
#include "common/message.hpp"
#include "common/peer_endpoint.hpp"
#include "divvy/protocol.hpp"

namespace divvy {
namespace {

using namespace std::chrono_literals;

// How often loads are looked at while one may soon be excessive, and at most while none is.
constexpr auto kWatchEvery = 20ms;
constexpr auto kLookEvery = 100ms;
// Frames of one connection that ZeroMQ takes in before they are read: then their sender waits.
constexpr int kMaxUnreadFrames = 100;
// A thousand workers may be started at once; the system has a limit of its own.
constexpr int kBacklog = 4096;
constexpr auto kAcceptAgain = 1s;
constexpr std::uint64_t kRoomForSome = 8;  // descriptors

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

constexpr int kEvents = ZMQ_EVENT_LISTENING | ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED |
                        ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                        ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL;

// "process 123" over ipc; empty if it is gone already.
std::string address_of_peer(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof address;
  auto* raw = reinterpret_cast<sockaddr*>(&address);
  if (::getpeername(fd, raw, &size) != 0) return {};
  if (raw->sa_family == AF_UNIX) {
    ucred peer{};
    size = sizeof peer;
    const bool known = ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0;
    return known ? fmt::format("process {}", peer.pid) : "";
  }
  return numeric_host(raw, size);
}

// Connections that are there are not concerned.
void drop_attempts(int listening_fd) {
  sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
  const sock_fprog program{.len = 1, .filter = &drop};
  ::setsockopt(listening_fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof program);
}

// A firewall may forget a connection without a word. So who listens sends a heartbeat, also while
// it takes nothing in, and who has connected and hears none closes the connection, and makes a new
// one. Who listens itself waits for no answer: it may be slow. ZeroMQ looks for a timer that it
// cancels among all that it has, so what each of many connections has must not be cancelled often.
void set_heartbeat(zmq::socket_t& socket, Heartbeat heartbeat) {
  socket.set(zmq::sockopt::heartbeat_ivl, static_cast<int>(heartbeat.every.count()));
  socket.set(zmq::sockopt::heartbeat_ttl, static_cast<int>(heartbeat.lost_after.count()));
  socket.set(zmq::sockopt::heartbeat_timeout, 0);
}

// One frame of the largest size, another one that is begun, and heartbeats for days.
std::uint64_t max_unread(const zmq::socket_t& socket) {
  return 2 * static_cast<std::uint64_t>(socket.get(zmq::sockopt::maxmsgsize)) + (16 << 20);
}

// Bytes of memory that this process uses; the last figure as long as it is fresh.
std::uint64_t memory_used(Time now) {
  static thread_local Time fresh_until;
  static thread_local std::uint64_t bytes = 0;
  if (now < fresh_until) return bytes;
  fresh_until = now + kWatchEvery;
  std::ifstream statm("/proc/self/statm");
  std::uint64_t pages = 0;
  statm >> pages >> pages;  // the second figure is what is resident
  return bytes = pages * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

// What the system knows of a connection; nothing if it is not over TCP, or gone.
std::optional<ConnectionLoads::Traffic> traffic_of(int fd) {
  tcp_info info{};
  socklen_t size = sizeof info;
  if (::getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return {};
  return ConnectionLoads::Traffic{.received = info.tcpi_bytes_received,
                                  .sent = info.tcpi_bytes_acked};
}

}  // namespace

zmq::socket_t make_pull(Context& context, std::uint32_t max_frame_bytes) {
  zmq::socket_t socket = context.socket(zmq::socket_type::pull);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::maxmsgsize, std::int64_t{max_frame_bytes});
  socket.set(zmq::sockopt::rcvhwm, kMaxUnreadFrames);
  return socket;
}

Listener::Listener(Context& context, zmq::socket_t socket, const std::string& endpoint,
                   Heartbeat heartbeat)
    : context_(context),
      socket_(std::move(socket)),
      monitor_(context, socket_, kEvents),
      loads_(max_unread(socket_), context.has_key()),
      asks_(!socket_.get(zmq::sockopt::zap_domain).empty()) {
  try {
    context.secure_to_bind(socket_);
    // Nobody receives from a PUSH. Once it has no room left, ZeroMQ stops reading a connection, and
    // does not notice that it is closed. So it gets room, and the load is limited instead.
    if (socket_.get(zmq::sockopt::type) == ZMQ_PUSH) socket_.set(zmq::sockopt::rcvhwm, 0);
    socket_.set(zmq::sockopt::ipv6, is_ipv6(endpoint));
    socket_.set(zmq::sockopt::backlog, kBacklog);
    if (endpoint.starts_with("tcp://")) set_heartbeat(socket_, heartbeat);
    if (endpoint.starts_with("ipc:///")) prepare_path(std::string(without_scheme(endpoint)));
    socket_.bind(endpoint);
  } catch (const zmq::error_t& error) {
    throw std::runtime_error(
        fmt::format("cannot listen on {}: {}{}", endpoint, error.what(), advice(error.num())));
  }
  endpoint_ = socket_.get(zmq::sockopt::last_endpoint);
}

Listener::~Listener() {
  if (endpoint_.starts_with("ipc:///")) ::unlink(std::string(without_scheme(endpoint_)).c_str());
}

std::optional<zmq::message_t> Listener::receive() {
  auto message = divvy::receive(socket_);
  if (message) loads_.read(connection_of(*message), message->size());
  return message;
}

// libzmq first reports that a handshake failed, then which connection was closed.
Listener::Events Listener::events(Log& log) {
  Events events;
  for (const Monitor::Event& event : monitor_.drain()) {
    const int value = event.value;
    switch (event.kind) {
      case ZMQ_EVENT_ACCEPTED:
        accepted(value, log);
        break;
      case ZMQ_EVENT_LISTENING:
        listening_fd_ = value;
        break;
      case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        ++events.connected;
        break;
      case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        failed_handshake_ = event;
        break;
      case ZMQ_EVENT_DISCONNECTED:
        if (const auto failure = std::exchange(failed_handshake_, {})) {
          tell_of_failure(value, *failure, log);
        }
        loads_.closed(value);
        MemoryTrim::of_process().closed();
        events.disconnected.push_back(value);
        break;
    }
  }
  limit_load(log);
  if (accept_at_ && now() >= *accept_at_) accept_again();
  return events;
}

void Listener::accepted(int fd, Log& log) {
  const Time time = now();
  loads_.opened(fd, address_of_peer(fd), time);
  load_at_ = std::min(load_at_, time + kWatchEvery);
  watched_ = true;
  const std::uint64_t left = descriptors_left();
  if (left < reserved_descriptors()) refuse_newcomers(log);
  if (left < reserved_descriptors() / 2) ::shutdown(fd, SHUT_RDWR);
}

// If a connection could not be accepted for want of a descriptor, ZeroMQ's thread would try all the
// time. So the system drops attempts to connect before it comes to that; they are made again.
void Listener::refuse_newcomers(Log& log) {
  if (accept_at_) return;
  accept_at_ = now() + kAcceptAgain;
  drop_attempts(listening_fd_);
  log.warn_rate_limited("descriptors", fmt::format("no room for more connections to {}: {}",
                                                   endpoint_, descriptor_limit_text()));
}

void Listener::accept_again() {
  accept_at_ = now() + kAcceptAgain;
  if (descriptors_left() < reserved_descriptors() + kRoomForSome) return;
  accept_at_.reset();
  const int unused = 0;
  ::setsockopt(listening_fd_, SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
}

std::string Listener::name_of(int fd) const {
  const std::string address = loads_.address(fd).value_or("");
  return address.empty() ? "a peer" : address;
}

// Who has shown the key and is refused nevertheless is no stranger.
void Listener::tell_of_failure(int fd, const Monitor::Event& failure, Log& log) {
  if (asks_ && failure.kind == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH) return;
  const std::string who = name_of(fd);
  log.warn_of_each(
      "peers that were refused", who,
      fmt::format("refused {}: {}", who, context_.mismatch(failure.kind, failure.value)));
}

void Listener::limit_load(Log& log) {
  using Load = ConnectionLoads::Load;
  const Time time = now();
  if (time < load_at_) return;
  // A socket that nothing is received from or sent to lets go of closed connections when asked.
  (void)socket_.get(zmq::sockopt::events);
  watched_ = MemoryTrim::of_process().update(time);
  const std::uint64_t memory = memory_used(time);
  for (const int fd : loads_.due(memory, time)) {
    const auto traffic = traffic_of(fd);
    const Load load = traffic ? loads_.load_of(fd, *traffic, time) : Load::light;
    if (load == Load::excessive) close_overloaded(fd, log);
    watched_ = watched_ || load != Load::light;
  }
  if (const auto fd = loads_.most_costly(memory)) close_overloaded(*fd, log);
  load_at_ = time + (watched_ ? kWatchEvery : kLookEvery);
}

// At once: what is still on its way is thrown away.
void Listener::close_overloaded(int fd, Log& log) {
  MemoryTrim::of_process().closed(true);
  const linger at_once{.l_onoff = 1, .l_linger = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::shutdown(fd, SHUT_RDWR);
  const std::string who = name_of(fd);
  log.warn_of_each("peers that brought too much", who,
                   fmt::format("closed a connection of {}: it brought too much", who));
}

void Listener::disconnect(const std::set<int>& connections) {
  for (const int fd : connections) ::shutdown(fd, SHUT_RDWR);
}

void Listener::add_to(EventLoop& loop, bool for_messages) {
  if (for_messages) loop.watch(socket_);
  monitor_.add_to(loop);
  if (watched_) loop.wake_at(load_at_);
  loop.wake_at(accept_at_);
}

}  // namespace divvy
