// Where a worker's lane messages come from.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "common/event_loop.hpp"
#include "common/listener.hpp"
#include "common/log.hpp"
#include "common/time.hpp"

namespace divvy::worker {

/// Either the worker listens, and the ventilator connects, or the worker has connected to a port of
/// the ventilator's.
class LaneSource {
 public:
  LaneSource() = default;
  virtual ~LaneSource() = default;
  LaneSource(const LaneSource&) = delete;
  LaneSource& operator=(const LaneSource&) = delete;

  /// Takes note of what has become of connections. To be called in each turn of the loop. True:
  /// there is another way to this worker than before, or none; a presence is due.
  virtual bool update(Log& log, Time now) = 0;
  /// The next message, if there is one at once.
  virtual std::optional<zmq::message_t> receive() = 0;

  /// As a presence tells it.
  struct Place {
    std::string inbox{};          // endpoint
    std::uint16_t lane_port = 0;  // of the ventilator's
    [[nodiscard]] bool none() const { return inbox.empty() && lane_port == 0; }
  };
  [[nodiscard]] virtual Place place() const = 0;
  /// For people: why the ventilator, which is heard, may not be able to answer.
  [[nodiscard]] virtual std::string trouble() const = 0;

  virtual void add_to(EventLoop& loop) = 0;
};

/// The worker listens at its inbox.
class Inbox : public LaneSource {
 public:
  Inbox(Context& context, const std::string& endpoint);

  bool update(Log& log, Time now) override;
  std::optional<zmq::message_t> receive() override { return listener_.receive(); }
  [[nodiscard]] Place place() const override { return {.inbox = listener_.endpoint()}; }
  [[nodiscard]] std::string trouble() const override;
  void add_to(EventLoop& loop) override { listener_.add_to(loop); }

 private:
  Listener listener_;
};

}  // namespace divvy::worker
