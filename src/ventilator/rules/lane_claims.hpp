// Whose the ports are at which workers open their lanes.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "common/time.hpp"
#include "divvy/protocol.hpp"

namespace divvy::ventilator {

/// Through each port one connection is let in at a time. Which worker it is of nobody knows before
/// that worker has answered what was sent there: from then on the port is its own. Until then each
/// worker that says so may be the one. Who does not answer in time is to be closed.
class LaneClaims {
 public:
  explicit LaneClaims(std::chrono::milliseconds patience) : patience_(patience) {}

  /// Somebody connects to `port`. False: it has a connection.
  bool admit(int port, Time now);
  [[nodiscard]] bool has_connection(int port) const { return connections_.contains(port); }
  /// The connection has ended.
  void ended(int port);

  /// The lane of a worker that says that it has connected to `port`, under a name that it keeps as
  /// long as the connection is the same. Nothing: there is no connection, or it is another one's.
  [[nodiscard]] std::optional<std::string> lane_at(int port, WorkerId worker) const;
  /// The worker is to be reached by this lane from now on. Nothing happens if that has ended.
  void open(WorkerId worker, std::string_view lane);
  /// Where that is.
  [[nodiscard]] std::optional<int> port_of(WorkerId worker) const;
  /// The worker has answered on its lane.
  void answered(WorkerId worker);
  /// The worker has no lane any more. Returns the port if the connection was its own.
  std::optional<int> close(WorkerId worker);

  /// Ports whose connections are to be closed, for no worker has answered there.
  [[nodiscard]] std::vector<int> unanswered(Time now) const;
  /// When there is the next of them.
  [[nodiscard]] std::optional<Time> deadline() const;

 private:
  struct Connection {
    std::uint64_t number = 0;
    Time since;
    WorkerId owner{};  // none: not known yet
  };
  struct Lane {
    int port = 0;
    std::uint64_t number = 0;  // of the connection
  };

  std::chrono::milliseconds patience_;
  std::uint64_t admitted_ = 0;  // connections so far
  std::map<int, Connection> connections_;
  std::set<std::pair<Time, int>> unanswered_;  // since when, and where
  std::unordered_map<WorkerId, Lane> lanes_;
};

/// Begins the name of a lane that its worker has opened. No endpoint begins like that.
inline constexpr std::string_view kLanePort = "lane port ";

inline bool is_lane_port(std::string_view inbox) { return inbox.starts_with(kLanePort); }

}  // namespace divvy::ventilator
