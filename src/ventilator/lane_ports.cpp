#include "ventilator/lane_ports.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "common/clock.hpp"
#include "common/connection.hpp"
#include "common/peer_endpoint.hpp"
#include "common/plural.hpp"

namespace divvy::ventilator {
namespace {

using namespace std::chrono_literals;

constexpr auto kWatchEvery = 20ms;
constexpr auto kLookEvery = 1s;
constexpr std::size_t kMostEvents = 256;  // at once

// Not open if it cannot be, with errno.
Descriptor listening_at(const std::string& host, int port) {
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(without_brackets(host).c_str(), std::to_string(port).c_str(), &hints, &found) !=
      0) {
    errno = EADDRNOTAVAIL;
    return {};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  Descriptor socket(::socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  const int off = 0;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (found->ai_family == AF_INET6) {
    ::setsockopt(socket.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  }
  if (::bind(socket.get(), found->ai_addr, found->ai_addrlen) != 0) return {};
  if (::listen(socket.get(), SOMAXCONN) != 0) return {};
  return socket;
}

bool has_peer(zmq::socket_t& lane) { return (lane.get(zmq::sockopt::events) & ZMQ_POLLOUT) != 0; }

}  // namespace

LanePorts::LanePorts(Context& context, const Settings& settings, Log& log)
    : context_(context),
      log_(log),
      range_(settings.ports),
      host_(HostPort::split(without_scheme(settings.beside)).host),
      patience_(settings.patience),
      epoll_(checked(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")),
      claims_(settings.patience) {
  for (int port = range_.first; port <= range_.last; ++port) listen(port, log);
  if (ports_.empty()) {
    throw std::runtime_error(fmt::format("cannot listen on any port of --lanes {} at {}: {}",
                                         range_.text(), host_, std::strerror(errno)));
  }
  const auto taken = static_cast<std::size_t>(range_.count()) - ports_.size();
  if (taken > 0) {
    log.warn(fmt::format("{} of --lanes {} cannot be had, and {} left out", plural(taken, "port"),
                         range_.text(), taken == 1 ? "is" : "are"));
  }
  context.ask([this](std::string_view domain) { return admit(domain); });
}

void LanePorts::listen(int port, Log& log) {
  if (descriptors_left() < reserved_descriptors()) {
    throw std::runtime_error(fmt::format("--lanes {} are more ports than can be open: {}",
                                         range_.text(), descriptor_limit_text()));
  }
  Descriptor listening = listening_at(host_, port);
  if (!listening.open()) {
    return log.debug(fmt::format("port {} of --lanes: {}", port, std::strerror(errno)));
  }
  watch(listening.get(), port);
  ports_[port].listening = std::move(listening);
}

// Once, until it is watched again.
void LanePorts::watch(int fd, int port) const {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLONESHOT;
  event.data.fd = port;
  if (::epoll_ctl(epoll_.get(), EPOLL_CTL_MOD, fd, &event) == 0) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event);
}

void LanePorts::update(Time now) {
  std::array<epoll_event, kMostEvents> events{};
  const int count = ::epoll_wait(epoll_.get(), events.data(), kMostEvents, 0);
  for (int i = 0; i < count; ++i) heard(events[static_cast<std::size_t>(i)].data.fd, now);
  if (now >= watch_at_) {
    watch_at_ = now + kWatchEvery;
    for (const int port : std::set(watched_)) look(port, now);
  }
  if (now >= look_at_) look_at_all(now);
  for (const int port : claims_.unanswered(now)) {
    log_.debug(fmt::format("nobody has answered on the lane of port {}: closed", port));
    shut(port);
  }
}

void LanePorts::look_at_all(Time now) {
  look_at_ = now + kLookEvery;
  for (auto& [port, lane] : ports_) {
    lane.lane ? look(port, now) : watch(lane.listening.get(), port);
  }
}

void LanePorts::heard(int port, Time now) {
  Port& lane = ports_.at(port);
  if (!lane.lane) return knock(port, now);
  look(port, now);
  if (lane.lane) watch(lane.lane->events_fd(), port);
}

// With few descriptors left who knocks has to wait until all ports are looked at.
void LanePorts::knock(int port, Time now) {
  Port& lane = ports_.at(port);
  if (descriptors_left() < reserved_descriptors()) return;
  zmq::socket_t push = context_.socket(zmq::socket_type::push);
  push.set(zmq::sockopt::linger, kLingerMsec);
  push.set(zmq::sockopt::sndhwm, 0);  // dispatch bounds what is under way
  push.set(zmq::sockopt::zap_domain, fmt::format("{}/{}", port, ++lane.opening));
  Descriptor own(::fcntl(lane.listening.get(), F_DUPFD_CLOEXEC, 0));
  push.set(zmq::sockopt::use_fd, own.get());
  try {
    const std::string endpoint = fmt::format("tcp://{}:{}", host_, port);
    lane.lane = std::make_unique<Listener>(context_, std::move(push), endpoint);
  } catch (const std::runtime_error& error) {
    return log_.warn_rate_limited("a lane", error.what());
  }
  own.release();  // ZeroMQ's
  lane.opened = now;
  watched_.insert(port);
  watch(lane.lane->events_fd(), port);
}

// ZeroMQ asks for each who connects, and tells those who may not that they may not.
bool LanePorts::admit(std::string_view domain) {
  const auto slash = domain.find('/');
  const auto at = ports_.find(port_number(domain.substr(0, slash)));
  if (slash == std::string_view::npos || at == ports_.end() || !at->second.lane) return false;
  const bool current = domain.substr(slash + 1) == std::to_string(at->second.opening);
  return current && claims_.admit(at->first, divvy::now());
}

void LanePorts::look(int port, Time now) {
  Port& lane = ports_.at(port);
  if (lane.lane->events(log_).connected > 0) {
    lane.established = has_peer(lane.lane->socket());
    for (const std::string& frame : std::exchange(lane.waiting, {})) {
      (void)lane.lane->socket().send(zmq::buffer(frame), zmq::send_flags::dontwait);
    }
  }
  if (is_over(port, lane, now)) return shut(port);
  const bool settled = lane.established && !lane.lane->watched();
  settled ? (void)watched_.erase(port) : (void)watched_.insert(port);
}

bool LanePorts::is_over(int port, Port& lane, Time now) const {
  const bool connected = lane.lane->has_connections();
  lane.visited = lane.visited || connected;
  if (lane.established) return !connected || !has_peer(lane.lane->socket());
  if (lane.visited && !connected) return true;
  return !claims_.has_connection(port) && now - lane.opened > patience_;
}

void LanePorts::shut(int port) {
  Port& lane = ports_.at(port);
  claims_.ended(port);
  watched_.erase(port);
  if (!lane.lane) return;
  ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, lane.lane->events_fd(), nullptr);
  lane.lane->socket().set(zmq::sockopt::linger, 0);
  lane = {.listening = std::move(lane.listening), .opening = lane.opening};
  // Whom the socket did not want to accept for want of descriptors, we do.
  const int unused = 0;
  ::setsockopt(lane.listening.get(), SOL_SOCKET, SO_DETACH_FILTER, &unused, sizeof unused);
  watch(lane.listening.get(), port);
}

void LanePorts::close(WorkerId worker) {
  if (const auto port = claims_.close(worker)) shut(*port);
}

bool LanePorts::send(WorkerId worker, std::string_view frame) {
  const auto port = claims_.port_of(worker);
  if (!port) return false;
  Port& lane = ports_.at(*port);
  if (lane.established) {
    (void)lane.lane->socket().send(zmq::buffer(frame), zmq::send_flags::dontwait);
  } else {
    lane.waiting.emplace_back(frame);
  }
  return true;
}

void LanePorts::add_to(EventLoop& loop) const {
  loop.watch(epoll_.get());
  if (!watched_.empty()) loop.wake_at(watch_at_);
  loop.wake_at(claims_.deadline());
}

}  // namespace divvy::ventilator
