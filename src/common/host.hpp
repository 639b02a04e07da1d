// Host names in endpoints.
#pragma once

#include <sys/socket.h>

#include <stdexcept>
#include <string>
#include <string_view>

#include "common/log.hpp"
#include "divvy/endpoints.hpp"

namespace divvy {

/// The host's address as a text, without brackets; empty if it has none.
std::string numeric_host(const sockaddr* address, socklen_t size);

/// What a program does at an endpoint.
enum class Use { none, bind, connect };

struct Uses {
  Use tasks = Use::none;
  Use results = Use::none;
  Use feedback = Use::none;
};

/// Its what() is a line for the user.
struct UnknownHost : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// `endpoint` with an address in place of its host's name, so that all sockets agree on what the
/// name stands for: its first IPv4 address or, if it has none, its first IPv6 address. To connect,
/// the addresses that stand for all of this machine (*, 0.0.0.0, [::]) become its loopback address.
/// To bind, they stay, as does the name of a network interface. Throws UnknownHost if the name is
/// not known.
std::string with_address(std::string_view endpoint, Use use);

/// The same for each endpoint that is used. A host to connect to whose name is not known yet is
/// waited for, and the user told, as for one that does not answer.
Endpoints with_addresses(const Endpoints& endpoints, const Uses& uses, const Log& log);

/// Throws std::invalid_argument, with a line for the user, if others can reach `endpoint`, or put
/// something of theirs in its place, and neither a key nor the user's word protects it.
void require_private(const std::string& endpoint, bool is_protected);

}  // namespace divvy
