// ZeroMQ's context and, with a key, its authentication: only a peer with the key gets a connection.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "common/event_loop.hpp"
#include "common/key.hpp"

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
  /// Why a handshake failed, for people, from the event that a monitor tells, and its value.
  [[nodiscard]] const char* mismatch(int event, int value) const;

  /// To be called before the socket is bound, or connected.
  void secure_to_bind(zmq::socket_t& socket) const;
  void secure_to_connect(zmq::socket_t& socket) const;

  /// Whether a peer may connect to a socket that has a ZAP domain is for `may_connect(domain)` to
  /// say, each time when one has connected and, where there is a key, has shown it. One that may
  /// not is told so: its handshake fails.
  void ask(std::function<bool(std::string_view domain)> may_connect);

  /// Wakes up when ZeroMQ asks whether a peer may connect.
  void add_to(EventLoop& loop);
  /// Answers what was asked.
  void authenticate();

 private:
  void open_zap();
  [[nodiscard]] bool may_connect(const std::vector<zmq::message_t>& request) const;
  [[nodiscard]] bool has_our_key(const std::vector<zmq::message_t>& request) const;

  zmq::context_t context_;
  std::optional<Key> key_;
  std::function<bool(std::string_view)> may_connect_;
  zmq::socket_t zap_;  // none if nothing is asked. ZeroMQ's authentication protocol,
                       // https://rfc.zeromq.org/spec/27
};

}  // namespace divvy
