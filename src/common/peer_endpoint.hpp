// Who can reach an endpoint, and how a peer's is reached from here.
#pragma once

#include <string>
#include <string_view>

#include "divvy/endpoints.hpp"

namespace divvy {

/// Whether only this machine can reach it: ipc, or a loopback address.
inline bool is_private(std::string_view endpoint) {
  if (endpoint.starts_with("ipc://")) return true;
  const std::string_view host = HostPort::split(without_scheme(endpoint)).host;
  const bool digits = host.find_first_not_of("0123456789.") == std::string_view::npos;
  return host == "localhost" || host == "[::1]" || (digits && host.starts_with("127."));
}

/// Whether ZeroMQ needs its IPv6 option for it. For others it would take "localhost" for ::1 only,
/// and show 127.0.0.1 as ::ffff:127.0.0.1.
inline bool is_ipv6(std::string_view endpoint) { return endpoint.starts_with("tcp://["); }

/// The host as the system's functions want it.
inline std::string without_brackets(std::string_view host) {
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return std::string(host);
}

/// The endpoint that a peer named in a message, with `peer`, the address that the message came
/// from, as its host. Ipc endpoints stay as they are. Empty if it is neither: ZeroMQ has other
/// transports, into this very process for one.
inline std::string reach(std::string_view endpoint, std::string_view peer) {
  if (endpoint.starts_with("ipc://")) return std::string(endpoint);
  if (!endpoint.starts_with("tcp://") || peer.empty()) return {};
  if (port_number(HostPort::split(without_scheme(endpoint)).port) == 0) return {};
  std::string host(peer);
  if (peer.find(':') != std::string_view::npos && !peer.starts_with('[')) host = "[" + host + "]";
  return "tcp://" + host + ":" + std::string(HostPort::split(without_scheme(endpoint)).port);
}

/// Whether a peer of `own`, an endpoint of ours, may have us connect to `endpoint`: over ipc only
/// in the same directory, for elsewhere there may be the sockets of other programs.
inline bool is_beside(std::string_view endpoint, std::string_view own) {
  if (!endpoint.starts_with("ipc://")) return !endpoint.empty();
  const auto directory = [](std::string_view path) { return path.substr(0, path.rfind('/') + 1); };
  return directory(endpoint) == directory(own);
}

}  // namespace divvy
