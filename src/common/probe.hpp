// Why an endpoint cannot be reached.
#pragma once

#include <optional>
#include <string>

#include "common/descriptor.hpp"
#include "common/time.hpp"

namespace divvy {

/// Tries to connect, beside the sockets that do it for good, for ZeroMQ does not tell why it
/// cannot.
class Probe {
 public:
  Probe(const std::string& endpoint, Time now);

  /// Readable when there is a result; negative once there is one.
  [[nodiscard]] int fd() const { return socket_.get(); }
  /// When there is a result at the latest.
  [[nodiscard]] Time deadline() const { return deadline_; }
  /// For people, such as "Connection refused"; nothing as long as it is not known.
  [[nodiscard]] std::optional<std::string> result(Time now);

 private:
  Descriptor socket_;
  Time deadline_;
  int error_ = 0;
};

}  // namespace divvy
