#include "worker/inbox.hpp"

#include <fmt/format.h>
#include <netdb.h>
#include <sys/socket.h>

#include <memory>
#include <stdexcept>

#include "common/descriptor.hpp"
#include "common/host.hpp"
#include "common/peer_endpoint.hpp"
#include "divvy/endpoints.hpp"

namespace divvy::worker {
namespace {

// The address that this host would use to talk to `host`. Connecting a datagram socket sends
// nothing; it only asks the routing table.
std::string local_address_towards(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_DGRAM;
  addrinfo* found = nullptr;
  if (const int error = ::getaddrinfo(host.c_str(), port.c_str(), &hints, &found); error != 0) {
    throw std::runtime_error(fmt::format("cannot find host {}: {}", host, ::gai_strerror(error)));
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    const Descriptor probe(::socket(at->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!probe.open() || ::connect(probe.get(), at->ai_addr, at->ai_addrlen) != 0) continue;
    sockaddr_storage address{};
    socklen_t size = sizeof address;
    auto* raw = reinterpret_cast<sockaddr*>(&address);
    if (::getsockname(probe.get(), raw, &size) != 0) continue;
    const std::string text = numeric_host(raw, size);
    if (text.empty()) continue;
    return at->ai_family == AF_INET6 ? "[" + text + "]" : text;
  }
  throw std::runtime_error(fmt::format("no way to host {}", host));
}

}  // namespace

std::string inbox_for(std::string_view feedback, WorkerId worker) {
  if (feedback.starts_with("ipc://")) {
    const auto directory = feedback.substr(0, feedback.rfind('/') + 1);
    return fmt::format("{}inbox-{:016x}", directory, static_cast<std::uint64_t>(worker));
  }
  const auto [host, port] = HostPort::split(without_scheme(feedback));
  return fmt::format("tcp://{}:*",
                     local_address_towards(without_brackets(host), std::string(port)));
}

}  // namespace divvy::worker
