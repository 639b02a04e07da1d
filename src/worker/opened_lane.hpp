// A lane that the worker opens.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <zmq.hpp>

#include "common/context.hpp"
#include "common/monitor.hpp"
#include "divvy/endpoints.hpp"
#include "worker/lane_source.hpp"
#include "worker/rules/lane_choice.hpp"

namespace divvy::worker {

/// A PULL that has connected to one of the ventilator's lane ports. It never reconnects: the port
/// may be another worker's by then. When the connection ends, what has come is read, and then
/// another port is tried.
class OpenedLane : public LaneSource {
 public:
  /// `feedback`: the ventilator's endpoint; the ports are at the same host.
  OpenedLane(Context& context, std::string_view feedback, PortRange ports);

  bool update(Log& log, Time now) override;
  std::optional<zmq::message_t> receive() override;
  [[nodiscard]] Place place() const override;
  [[nodiscard]] std::string trouble() const override;
  void add_to(EventLoop& loop) override;

 private:
  enum class Stage {
    connecting,
    connected,
    taken,        // by another worker
    unreachable,  // nobody is there, or nobody who speaks ZeroMQ
    ended,        // was connected
  };
  struct Attempt {
    Attempt(Context& context, zmq::socket_t pull, int at_port);

    int port;
    zmq::socket_t socket;
    Monitor monitor;
    Stage stage = Stage::connecting;
    bool heard = false;    // a message has come
    bool drained = false;  // and no more will
    std::optional<Time> connected_at{};
  };

  void start();
  void note(const Monitor::Event& event, Log& log, Time now);
  [[nodiscard]] bool over() const;
  void finish(Time now);
  [[nodiscard]] std::string endpoint(int port) const;

  Context& context_;
  std::string host_;
  PortRange ports_;
  LaneChoice choice_;
  std::unique_ptr<Attempt> attempt_;
};

}  // namespace divvy::worker
