// What a user is told of workers.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/probe.hpp"
#include "common/time.hpp"
#include "divvy/endpoints.hpp"
#include "divvy/protocol.hpp"
#include "ventilator/rules/orders.hpp"

namespace divvy::ventilator {

class WorkerNews {
 public:
  explicit WorkerNews(Log& log) : log_(log) {}

  void tell(const Orders::Close& lost);
  void tell(const Orders::Notice& notice, Time now);
  void tell_of_other_pool(const Presence& presence, std::string_view pool);
  /// `command`: what the others run.
  void tell_of_other_command(const Presence& presence, std::string_view command);
  void tell_of_other_version(const Presence& presence, int version);
  void tell_of_missing_lane(const Orders::Open& order, std::string_view why);
  /// Of a worker that has no inbox and has opened no lane. `lanes`: where it could.
  void tell_of_missing_lane(const Presence& presence, const std::optional<PortRange>& lanes);

  /// Tells why inboxes cannot be reached that a notice was about, as soon as it is known.
  void tell_unreachable(Time now);
  void add_to(EventLoop& loop) const;

 private:
  struct Unreachable {
    std::string worker;
    std::string inbox;
    Probe probe;
  };

  Log& log_;
  std::vector<Unreachable> unreachable_;
};

}  // namespace divvy::ventilator
