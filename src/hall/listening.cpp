#include "hall/listening.hpp"

#include <fmt/format.h>
#include <malloc.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "divvy/endpoints.hpp"
#include "divvy/limits.hpp"
#include "hall/program.hpp"

namespace divvy {
namespace {

using namespace std::chrono_literals;

// How often guests are weighed while one of them may soon have brought too much, and at most while
// none is.
constexpr auto kWatchEvery = 20ms;
constexpr auto kLookEvery = 100ms;
// How many have left until memory is given back, and then how often, for what they have brought is
// freed only bit by bit.
constexpr std::size_t kTrimAfter = 1000;
constexpr auto kTrimEvery = 500ms;
constexpr auto kTrimFor = 5s;

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

// One frame of the largest size, another one that is begun, and heartbeats for days.
std::uint64_t most_unread(const zmq::socket_t& socket) {
  return 2 * static_cast<std::uint64_t>(socket.get(zmq::sockopt::maxmsgsize)) + (16 << 20);
}

}  // namespace

zmq::socket_t make_pull(Context& context, std::uint32_t max_frame_bytes) {
  zmq::socket_t socket = context.socket(zmq::socket_type::pull);
  socket.set(zmq::sockopt::linger, 0);
  socket.set(zmq::sockopt::maxmsgsize, std::int64_t{max_frame_bytes});
  socket.set(zmq::sockopt::rcvhwm, kMaxUnreadFrames);
  return socket;
}

Listening::Listening(Context& context, zmq::socket_t socket, const std::string& endpoint)
    : context_(context),
      socket_(std::move(socket)),
      monitor_(context, socket_, kAtTheDoor),
      guests_(most_unread(socket_), context.has_key()) {
  try {
    context.secure_to_bind(socket_);
    // Once what nobody will receive has no room, ZeroMQ stops looking at a connection, and does not
    // notice that it is closed. Here all that they bring is weighed.
    if (socket_.get(zmq::sockopt::type) == ZMQ_PUSH) socket_.set(zmq::sockopt::rcvhwm, 0);
    socket_.set(zmq::sockopt::ipv6, is_ipv6(endpoint));
    if (endpoint.starts_with("ipc:///")) prepare_path(std::string(without_scheme(endpoint)));
    socket_.bind(endpoint);
  } catch (const zmq::error_t& error) {
    throw std::runtime_error(
        fmt::format("cannot listen on {}: {}{}", endpoint, error.what(), advice(error.num())));
  }
  endpoint_ = socket_.get(zmq::sockopt::last_endpoint);
}

Listening::~Listening() {
  if (endpoint_.starts_with("ipc:///")) ::unlink(std::string(without_scheme(endpoint_)).c_str());
}

std::optional<zmq::message_t> Listening::receive() {
  auto message = divvy::receive(socket_);
  if (message) guests_.heard(zmq_msg_get(message->handle(), ZMQ_SRCFD), message->size());
  return message;
}

// Of a connection that fails libzmq tells first that it failed, and then which one is closed.
Listening::News Listening::news(Notices& notices) {
  News news;
  for (const auto& [kind, value, endpoint] : monitor_.drain()) {
    switch (kind) {
      case ZMQ_EVENT_ACCEPTED:
        guests_.arrived(value, address_of_peer(value), Clock::now());
        weigh_at_ = {};
        break;
      case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
        ++news.arrived;
        break;
      case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        failed_ = true;
        break;
      case ZMQ_EVENT_DISCONNECTED:
        if (failed_) tell_of_failure(value, notices);
        guests_.left(value);
        ++left_;
        news.closed.push_back(value);
        break;
    }
  }
  weigh(notices);
  return news;
}

std::string Listening::name_of(int fd) const {
  const std::string address = guests_.address(fd).value_or("");
  return address.empty() ? "somebody" : address;
}

void Listening::tell_of_failure(int fd, Notices& notices) {
  failed_ = false;
  const std::string who = name_of(fd);
  notices.seldom(who, fmt::format("refused {}: {}", who, context_.why_not()));
}

void Listening::weigh(Notices& notices) {
  const Time now = Clock::now();
  if (now < weigh_at_) return;
  // A socket that nothing is received from or sent to lets go of closed connections when asked.
  (void)socket_.get(zmq::sockopt::events);
  trim(now);
  bool watch = now < trim_until_;
  for (const int fd : guests_.all()) {
    const auto traffic = traffic_of(fd);
    const auto manner = traffic ? guests_.manner_of(fd, *traffic, now) : Guests::Manner::quiet;
    if (manner == Guests::Manner::overloads) show_out(fd, notices);
    watch = watch || manner != Guests::Manner::quiet;
  }
  if (const auto guest = guests_.most_costly(memory_used())) show_out(*guest, notices);
  weigh_at_ = now + (watch ? kWatchEvery : kLookEvery);
  timer_.set(watch ? std::optional(weigh_at_) : std::nullopt);
}

// What is freed lies between other things: the system does not have it back.
void Listening::trim(Time now) {
  if (left_ >= kTrimAfter) {
    left_ = 0;
    trim_until_ = now + kTrimFor;
  }
  if (now >= trim_until_ || now < trim_at_) return;
  ::malloc_trim(0);
  trim_at_ = now + kTrimEvery;
}

// What is still on its way is not waited for.
void Listening::show_out(int fd, Notices& notices) {
  left_ = kTrimAfter;  // it may have brought as much as many
  const linger at_once{1, 0};
  ::setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
  ::shutdown(fd, SHUT_RDWR);
  const std::string who = name_of(fd);
  notices.seldom(who, fmt::format("closed a connection of {}: it brought too much", who));
}

void Listening::dismiss_all(Notices& notices) {
  news(notices);  // who has just come, too
  for (const int fd : guests_.all()) ::shutdown(fd, SHUT_RDWR);
}

void Listening::add_to(std::vector<zmq::pollitem_t>& items, bool for_messages) {
  if (for_messages) items.push_back({socket_.handle(), 0, ZMQ_POLLIN, 0});
  monitor_.add_to(items);
  items.push_back({nullptr, timer_.fd(), ZMQ_POLLIN, 0});
}

}  // namespace divvy
