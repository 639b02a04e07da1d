#include "ventilator/rules/lane_claims.hpp"

#include <algorithm>
#include <charconv>

namespace divvy::ventilator {
namespace {

std::string name_of(int port, std::uint64_t number) {
  return std::string(kLanePort) + std::to_string(port) + ", connection " + std::to_string(number);
}

int port_in(std::string_view lane) {
  int port = 0;
  lane.remove_prefix(std::min(lane.size(), kLanePort.size()));
  std::from_chars(lane.data(), lane.data() + lane.size(), port);
  return port;
}

}  // namespace

bool LaneClaims::admit(int port, Time now) {
  const auto [at, added] = connections_.try_emplace(port);
  if (!added) return false;
  at->second = {.number = ++admitted_, .since = now};
  unanswered_.emplace(now, port);
  return true;
}

void LaneClaims::ended(int port) {
  const auto at = connections_.find(port);
  if (at == connections_.end()) return;
  unanswered_.erase({at->second.since, port});
  connections_.erase(at);
}

std::optional<std::string> LaneClaims::lane_at(int port, WorkerId worker) const {
  const auto at = connections_.find(port);
  if (at == connections_.end()) return {};
  const WorkerId owner = at->second.owner;
  if (owner != WorkerId::none && owner != worker) return {};
  return name_of(port, at->second.number);
}

void LaneClaims::open(WorkerId worker, std::string_view lane) {
  const auto at = connections_.find(port_in(lane));
  if (at == connections_.end() || name_of(at->first, at->second.number) != lane) return;
  lanes_[worker] = {.port = at->first, .number = at->second.number};
}

std::optional<int> LaneClaims::port_of(WorkerId worker) const {
  const auto lane = lanes_.find(worker);
  if (lane == lanes_.end()) return {};
  const auto at = connections_.find(lane->second.port);
  if (at == connections_.end() || at->second.number != lane->second.number) return {};
  return lane->second.port;
}

void LaneClaims::answered(WorkerId worker) {
  const auto port = port_of(worker);
  if (!port) return;
  Connection& connection = connections_.at(*port);
  if (connection.owner != WorkerId::none) return;
  connection.owner = worker;
  unanswered_.erase({connection.since, *port});
}

std::optional<int> LaneClaims::close(WorkerId worker) {
  const auto port = port_of(worker);
  lanes_.erase(worker);
  if (!port || connections_.at(*port).owner != worker) return {};
  return port;
}

std::vector<int> LaneClaims::unanswered(Time now) const {
  std::vector<int> ports;
  for (const auto& [since, port] : unanswered_) {
    if (since + patience_ > now) break;
    ports.push_back(port);
  }
  return ports;
}

std::optional<Time> LaneClaims::deadline() const {
  if (unanswered_.empty()) return {};
  return unanswered_.begin()->first + patience_;
}

}  // namespace divvy::ventilator
