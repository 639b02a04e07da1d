#include "ventilator/lanes.hpp"

#include <utility>

#include "common/connection.hpp"
#include "common/descriptor.hpp"
#include "common/peer_endpoint.hpp"

namespace divvy::ventilator {

std::optional<std::string> Lanes::open(WorkerId worker, const std::string& inbox) {
  close(worker);
  if (inbox.empty()) return {};
  if (ports_ && is_lane_port(inbox)) {
    ports_->open(worker, inbox);
    return {};
  }
  if (descriptors_left() < reserved_descriptors() / 2) {
    return descriptor_limit_text();
  }
  try {
    zmq::socket_t lane = context_.socket(zmq::socket_type::push);
    context_.secure_to_connect(lane);
    lane.set(zmq::sockopt::linger, kLingerMsec);
    lane.set(zmq::sockopt::ipv6, is_ipv6(inbox));
    lane.set(zmq::sockopt::reconnect_ivl, -1);
    lane.set(zmq::sockopt::connect_timeout, kConnectTimeoutMsec);
    lane.set(zmq::sockopt::sndhwm, 0);  // dispatch bounds what is under way
    // Without ZMQ_IMMEDIATE, unlike make_push(): the greeting is sent before the lane is connected.
    lane.connect(inbox);
    lanes_.insert_or_assign(worker, std::move(lane));
    return {};
  } catch (const zmq::error_t& error) {
    return error.what();
  }
}

void Lanes::close(WorkerId worker) {
  if (ports_) ports_->close(worker);
  const auto lane = lanes_.find(worker);
  if (lane == lanes_.end()) return;
  lane->second.set(zmq::sockopt::linger, 0);
  lanes_.erase(lane);
}

void Lanes::send(WorkerId worker, std::string_view frame) {
  if (ports_ && ports_->send(worker, frame)) return;
  const auto lane = lanes_.find(worker);
  if (lane == lanes_.end()) return;
  (void)lane->second.send(zmq::buffer(frame), zmq::send_flags::dontwait);
}

}  // namespace divvy::ventilator
