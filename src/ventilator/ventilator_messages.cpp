// What comes in: presences of workers, and the sink's receipts.
#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "common/clock.hpp"
#include "common/message.hpp"
#include "common/peer_endpoint.hpp"
#include "ventilator/ventilator.hpp"

namespace divvy::ventilator {
namespace {

using namespace std::chrono_literals;

// By then each worker has connected to a ventilator that was started again, and has said what it
// holds.
constexpr auto kTimeToReconnect = std::chrono::milliseconds(kReconnectMaxMsec) + 300ms;

}  // namespace

void Ventilator::receive() {
  if (sink_.connected_anew(log_)) {
    announce();
    lost_results_.resend_all();
    skipped_results_.resend_all();
  }
  if (lanes_.ports()) lanes_.ports()->update(now());
  context_.authenticate();
  plain_tasks_.events(log_);
  const auto disconnected = feedback_.disconnected(log_);
  for (const TimeSlice slice; !slice.over();) {
    auto message = feedback_.receive();
    if (!message) break;
    receive(*message);
  }
  hear_at_ = now() + dispatch_.patience();
  for (const WorkerId worker : disconnected) {
    if (!feedback_.is_connected(worker)) dispatch_.disconnected(worker, now());
  }
}

void Ventilator::receive(zmq::message_t& message) {
  const std::string_view frame = view(message);
  if (const auto presence = decode<Presence>(frame)) return receive_presence(*presence, message);
  if (const auto receipts = decode<Receipts>(frame)) return receive_receipts(*receipts);
  if (const auto version = other_version(frame)) return receive_other_version(*version, message);
  log_.dropped("a message that is neither a presence nor receipts");
}

void Ventilator::receive_presence(const Presence& presence, zmq::message_t& message) {
  if (presence.pool != settings_.pool) {
    return news_.tell_of_other_pool(presence, settings_.pool);
  }
  const auto inbox = way_to(presence, message);
  if (!inbox) return;
  const auto is_known = [this](WorkerId worker) { return dispatch_.knows(worker); };
  if (!feedback_.claim_connection(presence.worker, message, is_known)) {
    return log_.dropped("a presence through the connection of another worker");
  }
  if (presence.batch == batch_ && claims_too_much(presence)) {
    log_.dropped("what a worker says to hold, and is not in the input");
  }
  if (!dispatch_.presence(presence, *inbox, now())) {
    log_.dropped("a presence that makes no sense, or one too many that does not answer");
  }
  if (lanes_.ports() && dispatch_.hears(presence.worker)) {
    lanes_.ports()->answered(presence.worker);
  }
  note_command(presence);
}

// The worker's inbox, or the lane that it has opened; empty: a worker that is known has none now.
// Nothing: it is not to be heard.
std::optional<std::string> Ventilator::way_to(const Presence& presence, zmq::message_t& message) {
  auto& ports = lanes_.ports();
  if (presence.lane_port != 0 && ports && ports->has(presence.lane_port)) {
    auto lane = ports->lane_at(presence.lane_port, presence.worker);
    if (lane) return lane;
    // After a pause a worker of ours may not know yet that its lane was closed.
    constexpr auto kTrouble = "a presence for a lane that is not open, or another worker's";
    if (presence.ventilator != self_) {
      log_.dropped(kTrouble);
    } else {
      log_.debug(kTrouble);
    }
    return {};
  }
  if (presence.lane_port != 0 || presence.inbox.empty()) {
    if (dispatch_.knows(presence.worker)) return "";
    news_.tell_of_missing_lane(presence, settings_.lanes);
    return {};
  }
  std::string inbox = reach(presence.inbox, peer_address(message));
  if (is_beside(inbox, feedback_.endpoint())) return inbox;
  log_.dropped("a presence whose inbox is not where it came from");
  return {};
}

// A worker of yesterday may still be there, and take part. Only one that has answered on its lane
// knows this ventilator's id.
void Ventilator::note_command(const Presence& presence) {
  if (presence.ventilator != self_) return;
  if (!settings_.command) {
    settings_.command = presence.command;
    announce_at_ = now();
  }
  if (presence.command != *settings_.command) {
    news_.tell_of_other_command(presence, *settings_.command);
  }
}

bool Ventilator::claims_too_much(const Presence& presence) const {
  const auto beyond = [this](Range ids) { return dispatch_.is_beyond_input(ids); };
  return std::any_of(presence.running.begin(), presence.running.end(), beyond) ||
         std::any_of(presence.queued.begin(), presence.queued.end(), beyond) ||
         std::any_of(presence.finished.begin(), presence.finished.end(), beyond);
}

void Ventilator::receive_receipts(const Receipts& receipts) {
  if (receipts.batch != batch_) return log_.dropped("receipts of another batch");
  if (receipts.ventilator != self_) {
    return log_.debug("receipts for an earlier ventilator are ignored");
  }
  if (!receipts.refusal.empty()) throw std::runtime_error(std::string(receipts.refusal));
  recorded_command_ = receipts.command;
  dispatch_.live(receipts.live);
  for (const Receipt& receipt : receipts.receipts) receive_receipt(receipt);
  if (!sink_known() && !receipts.more) {
    may_run_at_ = now() + (receipts.resumed ? kTimeToReconnect : 0s);
  }
  halt_if_reached();
}

void Ventilator::receive_receipt(const Receipt& receipt) {
  if (receipt.worker == WorkerId::none) intake_.expect(receipt.ids, receipt.digest);
  if (dispatch_.is_beyond_input(receipt.ids)) {
    return log_.dropped("a receipt for a task that is not in the input");
  }
  for (const Range& ids : dispatch_.receipt(receipt, now())) intake_.retire(ids);
  if (receipt.verdict == Verdict::retry) return;
  lost_results_.settle(receipt.ids);
}

// The worker is greeted nevertheless: our message shows it our version, so that it can warn its
// user, too.
void Ventilator::receive_other_version(int version, zmq::message_t& message) {
  auto presence = decode_introduction<Presence>(view(message));
  if (!presence) {
    return log_.warn_rate_limited("the sink", other_version_line("the sink", version));
  }
  news_.tell_of_other_version(*presence, version);
  if (presence->inbox.empty()) return;  // which lane it has opened is not in it
  // An introduction has none of these; it is not for them that the worker gets nothing.
  presence->slots = 1;
  presence->reaches_sink = true;
  presence->pool = settings_.pool;
  receive_presence(*presence, message);
}

}  // namespace divvy::ventilator
