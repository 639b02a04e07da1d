#include "worker/opened_lane.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "common/connection.hpp"
#include "common/listener.hpp"
#include "common/message.hpp"
#include "common/peer_endpoint.hpp"
#include "common/random_id.hpp"
#include "divvy/protocol.hpp"

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

constexpr int kHandshakeMsec = 5000;
constexpr int kHeartbeatMsec = 500;
constexpr int kUnansweredMsec = 1500;
// Who does not greet us by then is no ventilator that has heard of us.
constexpr auto kGreetedWithin = 10s;

constexpr int kEvents = ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |
                        ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |
                        ZMQ_EVENT_CLOSED | ZMQ_EVENT_DISCONNECTED;

zmq::socket_t make_lane(Context& context, std::string_view host) {
  zmq::socket_t socket = make_pull(context, kMaxLaneBytes);
  context.secure_to_connect(socket);
  socket.set(zmq::sockopt::ipv6, host.starts_with('['));
  socket.set(zmq::sockopt::reconnect_ivl, -1);
  socket.set(zmq::sockopt::connect_timeout, kConnectTimeoutMsec);
  socket.set(zmq::sockopt::handshake_ivl, kHandshakeMsec);
  // ZeroMQ forgets what was said of the next heartbeat when a message comes. So this end asks for
  // an answer itself.
  socket.set(zmq::sockopt::heartbeat_ivl, kHeartbeatMsec);
  socket.set(zmq::sockopt::heartbeat_timeout, kUnansweredMsec);
  return socket;
}

}  // namespace

OpenedLane::Attempt::Attempt(Context& context, zmq::socket_t pull, int at_port)
    : port(at_port), socket(std::move(pull)), monitor(context, socket, kEvents) {}

OpenedLane::OpenedLane(Context& context, std::string_view feedback, PortRange ports)
    : context_(context),
      host_(HostPort::split(without_scheme(feedback)).host),
      ports_(ports),
      choice_(ports, random_id()) {}

std::string OpenedLane::endpoint(int port) const { return fmt::format("tcp://{}:{}", host_, port); }

bool OpenedLane::update(Log& log, Time now) {
  const int before = place().lane_port;
  if (attempt_) {
    for (const Monitor::Event& event : attempt_->monitor.drain()) note(event, log, now);
    const auto since = attempt_->connected_at;
    const bool forgotten = since && !attempt_->heard && now >= *since + kGreetedWithin;
    if (forgotten) attempt_->stage = Stage::ended;
    if (over()) finish(now);
  }
  if (!attempt_ && now >= choice_.at()) start();
  return place().lane_port != before;
}

void OpenedLane::start() {
  const int port = choice_.next();
  attempt_ = std::make_unique<Attempt>(context_, make_lane(context_, host_), port);
  attempt_->socket.connect(endpoint(port));
}

// The first that is heard of the end of an attempt counts: what follows says only that it is over.
void OpenedLane::note(const Monitor::Event& event, Log& log, Time now) {
  Stage& stage = attempt_->stage;
  switch (event.kind) {
    case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
      stage = Stage::connected;
      attempt_->connected_at = now;
      log.debug(fmt::format("has opened its lane at {}", endpoint(attempt_->port)));
      return;
    case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
      stage = Stage::taken;
      return;
    case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
      log.warn_rate_limited(endpoint(attempt_->port),
                            fmt::format("cannot talk to {}: {}", endpoint(attempt_->port),
                                        context_.mismatch(event.kind, event.value)));
      break;
    default:
      break;
  }
  if (stage == Stage::connecting) stage = Stage::unreachable;
  if (stage == Stage::connected) stage = Stage::ended;
}

// What has come before the end is still to be read.
bool OpenedLane::over() const {
  const Stage stage = attempt_->stage;
  if (stage == Stage::ended) return attempt_->drained;
  return stage == Stage::taken || stage == Stage::unreachable;
}

void OpenedLane::finish(Time now) {
  switch (attempt_->stage) {
    case Stage::taken:
      choice_.taken(now);
      break;
    case Stage::ended:
      choice_.ended(now);
      break;
    default:
      choice_.unreachable(now);
      break;
  }
  attempt_.reset();
}

std::optional<zmq::message_t> OpenedLane::receive() {
  if (!attempt_) return {};
  auto message = divvy::receive(attempt_->socket);
  if (message) attempt_->heard = true;
  attempt_->drained = !message && attempt_->stage == Stage::ended;
  return message;
}

LaneSource::Place OpenedLane::place() const {
  if (!attempt_ || !attempt_->connected_at) return {};
  return {.lane_port = static_cast<std::uint16_t>(attempt_->port)};
}

std::string OpenedLane::trouble() const {
  if (attempt_ && attempt_->connected_at) {
    return fmt::format("it has not answered at {}, where this worker has connected",
                       endpoint(attempt_->port));
  }
  if (choice_.all_taken()) {
    return fmt::format("all {} lanes at {}:{} are taken by other workers", ports_.count(), host_,
                       ports_.text());
  }
  return fmt::format("no lane can be reached at {}:{}; does it have the same --lanes?", host_,
                     ports_.text());
}

void OpenedLane::add_to(EventLoop& loop) {
  if (!attempt_) return loop.wake_at(choice_.at());
  attempt_->monitor.add_to(loop);
  loop.watch(attempt_->socket);
  if (attempt_->stage == Stage::ended) loop.wake_at_once();
  if (attempt_->connected_at && !attempt_->heard) {
    loop.wake_at(*attempt_->connected_at + kGreetedWithin);
  }
}

}  // namespace divvy::worker
