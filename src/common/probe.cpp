#include "common/probe.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <memory>

#include "common/peer_endpoint.hpp"
#include "divvy/endpoints.hpp"

namespace divvy {
namespace {

using namespace std::chrono_literals;

constexpr auto kPatience = 2s;

Descriptor make_socket(int family) {
  return Descriptor(::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
}

Descriptor connect_to(std::string_view endpoint) {
  if (endpoint.starts_with("ipc://")) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    without_scheme(endpoint).copy(static_cast<char*>(address.sun_path),
                                  sizeof address.sun_path - 1);
    Descriptor socket = make_socket(AF_UNIX);
    (void)::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address);
    return socket;
  }
  const auto [host, port] = HostPort::split(without_scheme(endpoint));
  addrinfo hints{};
  hints.ai_flags = AI_NUMERICHOST;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (::getaddrinfo(without_brackets(host).c_str(), std::string(port).c_str(), &hints, &found) !=
      0) {
    errno = EADDRNOTAVAIL;
    return {};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  Descriptor socket = make_socket(found->ai_family);
  (void)::connect(socket.get(), found->ai_addr, found->ai_addrlen);
  return socket;
}

}  // namespace

Probe::Probe(const std::string& endpoint, Time now) : deadline_(now + kPatience) {
  errno = 0;
  socket_ = connect_to(endpoint);
  if (errno != EINPROGRESS) error_ = errno;
}

std::optional<std::string> Probe::result(Time now) {
  if (error_ == 0 && socket_.open()) {
    pollfd item{socket_.get(), POLLOUT, 0};
    socklen_t size = sizeof error_;
    const bool ended = ::poll(&item, 1, 0) > 0;
    if (ended) ::getsockopt(socket_.get(), SOL_SOCKET, SO_ERROR, &error_, &size);
    if (!ended && now < deadline_) return {};
    if (ended && error_ == 0) return "somebody listens there, and does not answer";
    if (!ended) error_ = ETIMEDOUT;
  }
  return std::strerror(error_);
}

}  // namespace divvy
