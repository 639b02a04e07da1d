// Addresses that users give, such as HOST:PORT, and the endpoints of the sockets there.
#pragma once

#include <algorithm>
#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>

namespace divvy {

/// Where the programs connect to each other. The ventilator binds tasks and feedback, the sink
/// binds results.
struct Endpoints {
  std::string tasks;
  std::string results;
  std::string feedback;  // presence from workers, receipts from the sink
};

inline constexpr std::string_view kDefaultAddress = "127.0.0.1:5557";
inline constexpr int kDefaultPort = 5557;

/// "HOST:PORT" in two; the port is empty if there is none. An IPv6 host keeps its brackets.
struct HostPort {
  std::string_view host;
  std::string_view port;

  static HostPort split(std::string_view address) {
    const auto colon = address.rfind(':');
    const auto bracket = address.rfind(']');
    const bool no_port =
        colon == std::string_view::npos || (bracket != std::string_view::npos && colon < bracket);
    if (no_port) return {address, {}};
    return {address.substr(0, colon), address.substr(colon + 1)};
  }
};

/// The number, if `text` is one from 1 to 65535; otherwise 0.
inline int port_number(std::string_view text) {
  int port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  const bool whole = error == std::errc{} && end == text.data() + text.size();
  return whole && port >= 1 && port <= 65535 ? port : 0;
}

/// Consecutive ports, both ends included.
struct PortRange {
  int first = 0;
  int last = 0;

  [[nodiscard]] int count() const { return last - first + 1; }
  [[nodiscard]] bool contains(int port) const { return first <= port && port <= last; }
  [[nodiscard]] std::string text() const {
    return std::to_string(first) + "-" + std::to_string(last);
  }
  friend bool operator==(const PortRange&, const PortRange&) = default;
};

/// Reads FIRST-LAST, or a single port; its first is 0 if it is no such range.
inline PortRange port_range(std::string_view text) {
  const auto dash = std::min(text.find('-'), text.size());
  const PortRange range{.first = port_number(text.substr(0, dash)),
                        .last = port_number(text.substr(dash == text.size() ? 0 : dash + 1))};
  return range.first > 0 && range.first <= range.last ? range : PortRange{};
}

/// The part after "://", which must be there.
inline std::string_view without_scheme(std::string_view endpoint) {
  return endpoint.substr(endpoint.find("://") + 3);
}

/// Throws std::invalid_argument unless it is ipc://PATH or tcp://HOST:PORT, the port being * where
/// any free one will do.
inline void check_endpoint(std::string_view endpoint) {
  const auto refuse = [&](const char* why) {
    throw std::invalid_argument("bad endpoint '" + std::string(endpoint) + "': " + why);
  };
  if (endpoint.starts_with("ipc://")) {
    constexpr std::size_t longest = 107;  // what fits into sockaddr_un
    const std::size_t length = without_scheme(endpoint).size();
    if (length == 0) refuse("a path is missing after ipc://");
    if (length > longest) refuse("the path is too long, 107 bytes are allowed");
    return;
  }
  if (!endpoint.starts_with("tcp://")) refuse("it must be tcp://HOST:PORT or ipc://PATH");
  const auto [host, port] = HostPort::split(without_scheme(endpoint));
  if (host.empty() || host.find('/') != std::string_view::npos) refuse("it has no host");
  if (port != "*" && port_number(port) == 0) refuse("the port must be a number from 1 to 65535");
}

/// The endpoints of an address: HOST or HOST:PORT (three ports from PORT on, 5557 by default), or
/// ipc:///DIR. Throws std::invalid_argument.
inline Endpoints endpoints_at(std::string_view address) {
  Endpoints endpoints;
  if (address.starts_with("ipc://")) {
    while (address.ends_with('/')) address.remove_suffix(1);
    const std::string directory(address);
    endpoints = {directory + "/tasks", directory + "/results", directory + "/feedback"};
    check_endpoint(endpoints.feedback);
    return endpoints;
  }
  if (address.starts_with("tcp://")) address = without_scheme(address);
  const HostPort parts = HostPort::split(address);
  const bool has_port = parts.host.size() != address.size();
  const int port = has_port ? port_number(parts.port) : kDefaultPort;
  if (port == 0 || port > 65535 - 2 || parts.host.empty()) {
    throw std::invalid_argument("bad address '" + std::string(address) +
                                "': it must be HOST, HOST:PORT (three ports from PORT on) or "
                                "ipc:///DIR");
  }
  const auto at = [&](int number) {
    return "tcp://" + std::string(parts.host) + ":" + std::to_string(number);
  };
  endpoints = {at(port), at(port + 1), at(port + 2)};
  check_endpoint(endpoints.tasks);
  return endpoints;
}

}  // namespace divvy
