// The lanes: to each worker a PUSH to its inbox.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <zmq.hpp>

#include "common/context.hpp"
#include "divvy/protocol.hpp"

namespace divvy::ventilator {

/// A lane never reconnects by itself: the port may be another process's by then. Dispatch opens a
/// new one when the worker is heard and does not answer.
class Lanes {
 public:
  explicit Lanes(Context& context) : context_(context) {}

  /// Returns why there can be no lane, for people.
  std::optional<std::string> open(WorkerId worker, const std::string& inbox);
  void close(WorkerId worker);
  /// A message to a worker without a lane is dropped: its next presence shows what it has not got.
  void send(WorkerId worker, std::string_view frame);

 private:
  Context& context_;
  std::unordered_map<WorkerId, zmq::socket_t> lanes_;
};

}  // namespace divvy::ventilator
