// Ports at which workers open their lanes, for the ventilator cannot connect to them.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "common/context.hpp"
#include "common/descriptor.hpp"
#include "common/event_loop.hpp"
#include "common/listener.hpp"
#include "common/log.hpp"
#include "divvy/endpoints.hpp"
#include "divvy/protocol.hpp"
#include "ventilator/rules/lane_claims.hpp"

namespace divvy::ventilator {

/// A PUSH deals round robin, so each port has one of its own, and lets one peer in. A port where
/// nobody is connected is a listening descriptor of ours, no more. When somebody knocks, a socket
/// is made that takes it over, and when that connection ends the socket goes with all that it
/// holds.
class LanePorts {
 public:
  struct Settings {
    PortRange ports{};
    std::string beside{};  // the feedback endpoint, whose host is theirs
    /// How long a worker may take to answer on its lane.
    std::chrono::milliseconds patience{};
  };

  /// Ports that others have are left out, and told. Throws std::runtime_error with a line for the
  /// user if none is left.
  LanePorts(Context& context, const Settings& settings, Log& log);

  [[nodiscard]] const PortRange& range() const { return range_; }
  [[nodiscard]] bool has(int port) const { return ports_.contains(port); }

  /// See LaneClaims.
  [[nodiscard]] std::optional<std::string> lane_at(int port, WorkerId worker) const {
    return claims_.lane_at(port, worker);
  }
  void open(WorkerId worker, std::string_view lane) { claims_.open(worker, lane); }
  void answered(WorkerId worker) { claims_.answered(worker); }
  /// Closes the connection if it is that worker's.
  void close(WorkerId worker);
  /// False: the worker has no lane here. What is sent before it is ready waits, the greeting that
  /// is; what is sent after its end is dropped.
  bool send(WorkerId worker, std::string_view frame);

  /// Takes note of who has come and gone. To be called in each turn of the loop.
  void update(Time now);
  void add_to(EventLoop& loop) const;

 private:
  struct Port {
    Descriptor listening;
    std::unique_ptr<Listener> lane{};  // while somebody is there
    std::uint64_t opening = 0;         // grows with each such socket
    Time opened{};
    bool visited = false;                // somebody was accepted
    bool established = false;            // a peer is let in
    std::vector<std::string> waiting{};  // to be sent then
  };

  void listen(int port, Log& log);
  void watch(int fd, int port) const;
  bool admit(std::string_view domain);
  void heard(int port, Time now);
  void knock(int port, Time now);
  void look(int port, Time now);
  void look_at_all(Time now);
  [[nodiscard]] bool is_over(int port, Port& lane, Time now) const;
  void shut(int port);

  Context& context_;
  Log& log_;
  PortRange range_;
  std::string host_;
  std::chrono::milliseconds patience_;
  Descriptor epoll_;  // all listening descriptors that nobody has knocked at, and events of others
  std::map<int, Port> ports_;
  std::set<int> watched_;  // that are to be looked at soon, even if nothing happens
  LaneClaims claims_;
  Time watch_at_;
  Time look_at_;
};

}  // namespace divvy::ventilator
