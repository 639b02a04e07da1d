#include "ventilator/feedback.hpp"

#include "common/message.hpp"

namespace divvy::ventilator {

Feedback::Feedback(Context& context, const std::string& endpoint)
    : listener_(context, make_pull(context, kMaxFeedbackBytes), endpoint) {}

// A worker's last messages may be received after its connection was closed, when its descriptor is
// another connection's. So a worker that is known no longer does not count.
bool Feedback::claim_connection(WorkerId worker, zmq::message_t& message,
                                const std::function<bool(WorkerId)>& is_known) {
  const int fd = connection_of(message);
  if (fd < 0) return true;
  WorkerId& known = worker_of_.try_emplace(fd, worker).first->second;
  if (known != worker && is_known(known)) return false;
  known = worker;
  connection_[worker] = fd;
  return true;
}

std::vector<WorkerId> Feedback::disconnected(Log& log) {
  std::vector<WorkerId> workers;
  for (const int fd : listener_.events(log).disconnected) {
    const auto worker = worker_of_.find(fd);
    if (worker == worker_of_.end()) continue;
    // Of a connection that was given up for another one its end is heard late.
    const auto latest = connection_.find(worker->second);
    if (latest != connection_.end() && latest->second == fd) {
      workers.push_back(worker->second);
      connection_.erase(latest);
    }
    worker_of_.erase(worker);
  }
  return workers;
}

}  // namespace divvy::ventilator
