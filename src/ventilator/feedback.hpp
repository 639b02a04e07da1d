// What workers and the sink say to the ventilator, and which workers' connections are closed.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>
#include <zmq.hpp>

#include "divvy/messages.hpp"
#include "hall/listening.hpp"

namespace divvy::ventilator {

/// The kernel tells at once when a process on the same host dies, for its connection is closed.
/// Each message names the descriptor that it came through, so the worker behind it is known.
class Feedback {
 public:
  Feedback(Context& context, const std::string& endpoint);

  /// The endpoint with its real port.
  [[nodiscard]] const std::string& endpoint() const { return listening_.endpoint(); }

  std::optional<zmq::message_t> receive() { return listening_.receive(); }
  /// Remembers that a worker talks through the connection that brought the message. False: another
  /// one does that is still `there`, so that inventing workers takes a connection for each.
  bool is_from(WorkerId worker, zmq::message_t& message,
               const std::function<bool(WorkerId)>& there);

  /// Workers whose connection is closed. To be called before the messages that are there are
  /// received and acted upon after them: the last words of a worker count, and a descriptor that
  /// was closed may already be another worker's.
  std::vector<WorkerId> disconnected(Notices& notices);

  void add_to(std::vector<zmq::pollitem_t>& items) { listening_.add_to(items); }

 private:
  Listening listening_;
  std::unordered_map<int, WorkerId> behind_;
};

}  // namespace divvy::ventilator
