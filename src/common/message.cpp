#include "common/message.hpp"

#include <fmt/format.h>

#include "divvy/protocol.hpp"

namespace divvy {

std::optional<zmq::message_t> receive(zmq::socket_t& socket) {
  zmq::message_t message;
  if (!socket.recv(message, zmq::recv_flags::dontwait)) return {};
  return message;
}

std::string peer_address(zmq::message_t& message) {
  try {
    return message.gets("Peer-Address");
  } catch (const zmq::error_t&) {
    return {};
  }
}

int connection_of(zmq::message_t& message) { return zmq_msg_get(message.handle(), ZMQ_SRCFD); }

std::string other_version_line(std::string_view peer, int version) {
  return fmt::format(
      "{} speaks version {} of divvy's protocol, and this is version {}: install the same divvy on "
      "both",
      peer, version, kVersion);
}

}  // namespace divvy
