// The ventilator's way to each worker: a PUSH to its inbox.
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <zmq.hpp>

#include "divvy/messages.hpp"
#include "hall/context.hpp"

namespace divvy::ventilator {

/// A lane never reconnects by itself, for the port may belong to another worker by then; its
/// worker's next presence opens a new one.
class Lanes {
 public:
  explicit Lanes(Context& context) : context_(context) {}

  /// False: the endpoint cannot be connected to.
  bool open(WorkerId worker, const std::string& inbox);
  void close(WorkerId worker);
  /// A message to a worker that is gone is dropped; what it held is noticed with the worker.
  void send(WorkerId worker, std::string_view frame);

 private:
  Context& context_;
  std::unordered_map<WorkerId, zmq::socket_t> lanes_;
};

}  // namespace divvy::ventilator
