#include "ventilator/feedback.hpp"

namespace divvy::ventilator {

Feedback::Feedback(Context& context, const std::string& endpoint)
    : listening_(context, make_pull(context, kMaxFeedbackBytes), endpoint) {}

bool Feedback::is_from(WorkerId worker, zmq::message_t& message) {
  const int fd = zmq_msg_get(message.handle(), ZMQ_SRCFD);
  return fd < 0 || behind_.try_emplace(fd, worker).first->second == worker;
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
