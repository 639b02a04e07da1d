#include "ventilator/feedback.hpp"

namespace divvy::ventilator {

Feedback::Feedback(Context& context, const std::string& endpoint)
    : listening_(context, make_pull(context, kMaxFeedbackBytes), endpoint) {}

// The last words of a worker may be heard after its connection was closed, and its descriptor may
// be another connection's then.
bool Feedback::is_from(WorkerId worker, zmq::message_t& message,
                       const std::function<bool(WorkerId)>& there) {
  const int fd = zmq_msg_get(message.handle(), ZMQ_SRCFD);
  if (fd < 0) return true;
  WorkerId& behind = behind_.try_emplace(fd, worker).first->second;
  if (behind != worker && there(behind)) return false;
  behind = worker;
  return true;
}

std::vector<WorkerId> Feedback::disconnected(Notices& notices) {
  std::vector<WorkerId> workers;
  for (const int fd : listening_.news(notices).closed) {
    const auto worker = behind_.find(fd);
    if (worker == behind_.end()) continue;
    workers.push_back(worker->second);
    behind_.erase(worker);
  }
  return workers;
}

}  // namespace divvy::ventilator
