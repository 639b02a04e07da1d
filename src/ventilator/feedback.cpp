#include "ventilator/feedback.hpp"

namespace divvy::ventilator {

Feedback::Feedback(zmq::context_t& context, const std::string& endpoint)
    : socket_(make_pull(context)),
      monitor_(context, socket_, ZMQ_EVENT_DISCONNECTED),
      listening_(listen_on(socket_, endpoint)) {}

void Feedback::is_from(WorkerId worker, zmq::message_t& message) {
  const int fd = zmq_msg_get(message.handle(), ZMQ_SRCFD);
  if (fd >= 0) behind_[fd] = worker;
}

std::vector<WorkerId> Feedback::disconnected() {
  std::vector<WorkerId> workers;
  for (const int fd : monitor_.drain()) {
    const auto worker = behind_.find(fd);
    if (worker == behind_.end()) continue;
    workers.push_back(worker->second);
    behind_.erase(worker);
  }
  return workers;
}

void Feedback::add_to(std::vector<zmq::pollitem_t>& items) {
  items.push_back({socket_.handle(), 0, ZMQ_POLLIN, 0});
  items.push_back(monitor_.poll_item());
}

}  // namespace divvy::ventilator
