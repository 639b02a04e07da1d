// The lanes: to each worker a PUSH to its inbox, or one that the worker has connected to.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <zmq.hpp>

#include "common/context.hpp"
#include "divvy/protocol.hpp"
#include "ventilator/lane_ports.hpp"

namespace divvy::ventilator {

/// A lane never reconnects by itself: the port may be another process's by then. Dispatch opens a
/// new one when the worker is heard and does not answer. One that the worker opens it opens anew
/// itself.
class Lanes {
 public:
  explicit Lanes(Context& context) : context_(context) {}

  /// Workers may open lanes from now on. Throws std::runtime_error with a line for the user.
  void listen(const LanePorts::Settings& settings, Log& log) {
    ports_.emplace(context_, settings, log);
  }
  /// None: workers cannot open any.
  [[nodiscard]] std::optional<LanePorts>& ports() { return ports_; }

  /// `inbox`: an endpoint, or the name of a lane that the worker has opened; empty: it has none
  /// now. Returns why there can be no lane, for people.
  std::optional<std::string> open(WorkerId worker, const std::string& inbox);
  void close(WorkerId worker);
  /// A message to a worker without a lane is dropped: its next presence shows what it has not got.
  void send(WorkerId worker, std::string_view frame);

 private:
  Context& context_;
  std::unordered_map<WorkerId, zmq::socket_t> lanes_;
  std::optional<LanePorts> ports_;
};

}  // namespace divvy::ventilator
