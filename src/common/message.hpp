// ZeroMQ messages as they come out of a socket.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <zmq.hpp>

namespace divvy {

inline std::string_view view(const zmq::message_t& message) {
  return {message.data<char>(), message.size()};
}

/// The next message, if there is one at once.
std::optional<zmq::message_t> receive(zmq::socket_t& socket);

/// The address that a message came from; empty if it is not known.
std::string peer_address(zmq::message_t& message);

/// The descriptor of the connection that it came through; negative if it is not known.
int connection_of(zmq::message_t& message);

/// What to tell the user of a peer, such as "the sink", whose version of the protocol is another.
std::string other_version_line(std::string_view peer, int version);

}  // namespace divvy
