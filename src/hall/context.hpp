// ZeroMQ's context and, with a key, the guard that lets in only those who have it.
#pragma once

#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "hall/key.hpp"

namespace divvy {

/// Must outlive its sockets.
class Context {
 public:
  /// For many peers: as many sockets and descriptors as the system grants. `key_file`: empty for
  /// none. Throws std::runtime_error with a line for the user if it is no good.
  explicit Context(const std::string& key_file = {});

  /// Whoever is at its other end can send it no large frames.
  zmq::socket_t socket(zmq::socket_type type);

  [[nodiscard]] bool has_key() const { return key_.has_value(); }
  /// Why somebody and we cannot talk, for people.
  [[nodiscard]] const char* why_not() const {
    return key_ ? "it does not have the key" : "it has a key, or is no ZeroMQ";
  }

  /// To be called before the socket is bound, or connected.
  void secure_to_bind(zmq::socket_t& socket) const;
  void secure_to_connect(zmq::socket_t& socket) const;

  /// The guard has to be asked about everybody who knocks: wakes up when somebody does.
  void add_to(std::vector<zmq::pollitem_t>& items);
  void answer_door();

 private:
  [[nodiscard]] bool is_friend(const std::vector<zmq::message_t>& request) const;

  zmq::context_t context_;
  std::optional<Key> key_;
  zmq::socket_t guard_;
};

}  // namespace divvy
