// What workers and the sink say to the ventilator, and whose connections are closed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>
#include <zmq.hpp>

#include "common/listener.hpp"
#include "common/log.hpp"
#include "divvy/protocol.hpp"

namespace divvy::ventilator {

/// The kernel tells at once when a process on the same host dies, for its connection is closed.
/// Each message names the descriptor that it came through, so the worker behind it is known.
class Feedback {
 public:
  Feedback(Context& context, const std::string& endpoint);

  /// The endpoint with its real port.
  [[nodiscard]] const std::string& endpoint() const { return listener_.endpoint(); }

  std::optional<zmq::message_t> receive() { return listener_.receive(); }
  /// Remembers that a worker talks through the connection that brought the message. False: another
  /// worker that is still known does, so that inventing workers takes a connection for each.
  bool claim_connection(WorkerId worker, zmq::message_t& message,
                        const std::function<bool(WorkerId)>& is_known);

  /// Whether a worker has a connection that is not closed, as far as is known.
  [[nodiscard]] bool is_connected(WorkerId worker) const { return connection_.contains(worker); }
  /// Workers whose latest connection is closed. To be called before the messages that are there are
  /// received, and acted upon after them: a worker's last messages count, and a descriptor that was
  /// closed may already be another worker's.
  std::vector<WorkerId> disconnected(Log& log);

  void add_to(EventLoop& loop, bool for_messages) { listener_.add_to(loop, for_messages); }

 private:
  Listener listener_;
  std::unordered_map<int, WorkerId> worker_of_;   // by the connection's descriptor
  std::unordered_map<WorkerId, int> connection_;  // the latest one
};

}  // namespace divvy::ventilator
