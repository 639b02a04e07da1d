// What a ventilator is told that is not served.
#pragma once

#include <string>

#include "common/connection.hpp"
#include "common/context.hpp"
#include "common/event_loop.hpp"
#include "common/log.hpp"

namespace divvy::sink {

/// A connection of its own, for the sink may be serving another ventilator.
class Refusal {
 public:
  /// Throws std::runtime_error if the endpoint cannot be connected to.
  Refusal(Context& context, const std::string& endpoint, std::string frame);

  /// Sends it once to each new connection.
  void send(Log& log);
  /// To the same ventilator, the same again: nothing needs to be done.
  [[nodiscard]] bool is(const std::string& endpoint, const std::string& frame) const;

  void add_to(EventLoop& loop) { connection_.add_to(loop, false); }

 private:
  std::string endpoint_;
  std::string frame_;
  Connection connection_;
};

}  // namespace divvy::sink
