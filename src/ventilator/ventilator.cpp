#include "ventilator/ventilator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "divvy/digest.hpp"
#include "divvy/endpoints.hpp"

namespace divvy::ventilator {
namespace {

using namespace std::chrono_literals;

constexpr auto kAnnounceEvery = 1s;
constexpr auto kRemindAfter = 2s;
// A worker tries to connect at least once a second; then it says what it holds.
constexpr auto kReunion = 1300ms;

// The same name is the same batch, today and after a crash.
BatchId batch_id(const std::string& name) {
  if (name.empty()) return BatchId{random_id()};
  Digest digest;
  digest.add(name);
  return BatchId{digest.value()};
}

Dispatch::Settings with_ids(Dispatch::Settings settings, VentilatorId self, BatchId batch) {
  settings.self = self;
  settings.batch = batch;
  return settings;
}

}  // namespace

Ventilator::Ventilator(const CommonOptions& options, Batch batch)
    : notices_("ventilator", options),
      batch_(std::move(batch)),
      self_{random_id()},
      id_(batch_id(batch_.name)),
      context_(options.key),
      tasks_(context_, context_.socket(zmq::socket_type::push), options.endpoints.tasks),
      feedback_(context_, options.endpoints.feedback),
      sink_(context_, make_push(context_), options.endpoints.results),
      lanes_(context_),
      dispatch_(with_ids(batch_.dispatch, self_, id_)),
      intake_(std::move(batch_.intake), batch_.name, dispatch_, notices_) {
  tasks_.socket().set(zmq::sockopt::linger, 0);
  notices_.detail(
      fmt::format("tasks on {}, feedback on {}", tasks_.endpoint(), feedback_.endpoint()));
  remind_at_ = Clock::now() + kRemindAfter;
}

int Ventilator::run() {
  while (!finished()) {
    wait();
    obey_signals();
    if (interrupts_ > 1) break;
    hear();
    if (wants_input()) read_input();
    const Time now = Clock::now();
    get_ready(now);
    carry_out(dispatch_.decide(now));
    report_given_up();
    if (now >= announce_at_) announce();
    remind(now);
  }
  return leave();
}

void Ventilator::wait() {
  Time deadline = announce_at_;
  if (remind_at_) deadline = std::min(deadline, *remind_at_);
  if (sink_known_ && Clock::now() < ready_at_) deadline = std::min(deadline, ready_at_);
  if (const auto decide = dispatch_.deadline()) deadline = std::min(deadline, *decide);
  timer_.set(deadline);

  std::vector<zmq::pollitem_t> items{{nullptr, signals_.fd(), ZMQ_POLLIN, 0},
                                     {nullptr, timer_.fd(), ZMQ_POLLIN, 0}};
  context_.add_to(items);
  tasks_.add_to(items, false);
  feedback_.add_to(items);
  sink_.add_to(items, false);
  if (wants_input()) {
    const auto fd = intake_.fd();
    if (!fd) return;  // more is there already
    items.push_back({nullptr, *fd, ZMQ_POLLIN, 0});
  }
  zmq::poll(items);
}

void Ventilator::obey_signals() {
  const int came = signals_.drain();
  if (came == 0) return;
  interrupts_ += came;
  dispatch_.stop();
  if (interrupts_ == 1 && dispatch_.outstanding() > 0) {
    notices_.tell(fmt::format("stopping; waiting for {} tasks under way (once more: leave now)",
                              dispatch_.outstanding()));
  }
}

void Ventilator::hear() {
  if (sink_.connected_anew(notices_)) {
    announce();
    for (const std::string& frame : given_up_) sink_.send(frame);
  }
  context_.answer_door();
  tasks_.news(notices_);
  const auto disconnected = feedback_.disconnected(notices_);
  for (const Turn turn; !turn.over();) {
    auto message = feedback_.receive();
    if (!message) break;
    hear(*message);
  }
  for (const WorkerId worker : disconnected) dispatch_.gone(worker);
}

void Ventilator::hear(zmq::message_t& message) {
  const std::string_view frame = view(message);
  if (const auto presence = decode<Presence>(frame)) return hear_presence(*presence, message);
  if (const auto receipts = decode<Receipts>(frame)) return hear_receipts(*receipts);
  notices_.dropped("a message that is neither a presence nor receipts");
}

void Ventilator::hear_presence(const Presence& presence, zmq::message_t& message) {
  const std::string inbox = reach(presence.inbox, peer_of(message));
  if (!is_beside(inbox, feedback_.endpoint())) {
    return notices_.dropped("a presence whose inbox is not where it came from");
  }
  const auto there = [this](WorkerId worker) { return dispatch_.knows(worker); };
  if (!feedback_.is_from(presence.worker, message, there)) {
    return notices_.dropped("a presence through the connection of another worker");
  }
  if (presence.batch == id_ && claims_too_much(presence)) {
    notices_.dropped("what a worker says to hold, and is not in the input");
  }
  if (!dispatch_.presence(presence, inbox, Clock::now())) {
    notices_.dropped("a presence that makes no sense, or one too many that does not answer");
  }
}

bool Ventilator::claims_too_much(const Presence& presence) const {
  const auto beyond = [this](Range ids) { return dispatch_.is_beyond_input(ids); };
  return std::any_of(presence.running.begin(), presence.running.end(), beyond) ||
         std::any_of(presence.queued.begin(), presence.queued.end(), beyond) ||
         std::any_of(presence.finished.begin(), presence.finished.end(), beyond);
}

void Ventilator::hear_receipts(const Receipts& receipts) {
  if (receipts.batch != id_) return notices_.dropped("receipts of another batch");
  if (receipts.ventilator != self_) {
    return notices_.detail("receipts for an earlier ventilator are ignored");
  }
  if (!sink_known_) {
    sink_known_ = true;
    ready_at_ = Clock::now() + (receipts.resumed ? kReunion : 0s);
  }
  for (const Receipt& receipt : receipts.receipts) {
    if (receipt.worker == WorkerId::none) intake_.expect(receipt.ids, receipt.digest);
    if (dispatch_.is_beyond_input(receipt.ids)) {
      notices_.dropped("a receipt for a task that is not in the input");
      continue;
    }
    for (const Range& ids : dispatch_.receipt(receipt, Clock::now())) intake_.retire(ids);
  }
  halt_if_reached();
}

// Nothing runs before it is known that what is recorded is of this input, and before workers had
// the time to say what they hold of a batch that goes on.
void Ventilator::get_ready(Time now) {
  if (ready_ || !sink_known_) return;
  ready_ = intake_.seen_enough() && now >= ready_at_;
  if (ready_) dispatch_.sink_ready();
}

void Ventilator::halt_if_reached() {
  if (halted_ || !batch_.halt || !batch_.halt->reached(dispatch_.failed(), intake_.last())) return;
  halted_ = true;
  dispatch_.stop(batch_.halt->now);
  notices_.warn(fmt::format("halting: {} tasks have failed", dispatch_.failed()));
}

bool Ventilator::wants_input() const {
  // A batch that may go on is read once the sink has said what is recorded of it.
  const bool wanted = batch_.name.empty() || sink_known_;
  return wanted && !stopping() && !intake_.ended() && intake_.has_room();
}

bool Ventilator::stopping() const { return interrupts_ > 0 || halted_; }

void Ventilator::read_input() {
  if (!intake_.ready()) return;
  intake_.read();
  if (intake_.ended()) announce_at_ = Clock::now();
}

// Whether lines of numbers are workloads or arguments is for the workers to say.
void Ventilator::tell_expected_cost() {
  if (cost_told_ || !dispatch_.started() || !intake_.ended()) return;
  if (!batch_.workloads && !dispatch_.workloads()) return;
  cost_told_ = true;
  const auto msec = intake_.expected_msec();
  if (!msec || !(batch_.workloads || *dispatch_.workloads())) return;
  fmt::print("Total expected cost: {} msec\n", *msec);
  std::fflush(stdout);
}

void Ventilator::carry_out(const Orders& orders) {
  for (const WorkerId worker : orders.close) {
    lanes_.close(worker);
    notices_.detail("a worker is gone");
  }
  for (const auto& [worker, inbox] : orders.open) {
    if (!lanes_.open(worker, inbox)) notices_.dropped("a worker whose inbox is no endpoint");
    notices_.detail(fmt::format("a worker at {}", inbox));
  }
  for (const Order& order : orders.send) send(order);
  if (!started_ && dispatch_.started()) {
    started_ = announce_at_ = Clock::now();
    if (batch_.workloads) fmt::print("Sending tasks to workers...\n");
    std::fflush(stdout);
  }
  tell_expected_cost();
}

void Ventilator::send(const Order& order) {
  Lane lane{order.worker,  self_,          order.sequence, id_,
            order.settled, order.recalled, order.abort,    {}};
  for (const Portion& portion : order.tasks) {
    for (Range rest = portion.ids; rest.count > 0;) {
      const auto [ids, texts] = intake_.slice(rest);
      lane.tasks.push_back({ids, portion.attempt, portion.attempts, texts});
      rest = {ids.end(), rest.count - ids.count};
    }
  }
  lanes_.send(order.worker, encode(lane));
}

void Ventilator::report_given_up() {
  for (const TaskId id : dispatch_.take_given_up()) {
    if (dispatch_.is_recorded(id)) continue;
    Result result;
    result.ids = {id, 1};
    result.outcome = Outcome::lost;
    result.reason = "lost 3 workers";
    result.texts = intake_.slice(result.ids).texts;
    given_up_.push_back(encode(Results{WorkerId::none, "ventilator", id_, {result}}));
    sink_.send(given_up_.back());
  }
}

BatchState Ventilator::state() const {
  const bool ended = intake_.ended();
  if (sink_known_ && ended && dispatch_.recorded() == intake_.last()) return BatchState::complete;
  if (leaving_) return BatchState::stopped;
  return ended ? BatchState::closed : BatchState::open;
}

void Ventilator::announce() {
  announce_at_ = Clock::now() + kAnnounceEvery;
  std::uint64_t elapsed = 0;
  if (started_) {
    const auto since = std::chrono::nanoseconds(Clock::now() - *started_).count();
    elapsed = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(since));
  }
  const bool sleeps = dispatch_.workloads().value_or(batch_.workloads);
  sink_.send(encode(Announcement{self_, id_, batch_.name, feedback_.endpoint(), state(),
                                 intake_.last(), elapsed, batch_.retry_failed, sleeps,
                                 static_cast<std::uint32_t>(dispatch_.workers()), dispatch_.slots(),
                                 dispatch_.busy()}));
}

// Whoever started only one of the three is told what the others are waited for.
void Ventilator::remind(Time now) {
  if (!remind_at_ || now < *remind_at_) return;
  remind_at_.reset();
  if (!sink_known_) notices_.tell("waiting for a sink");
  if (dispatch_.workers() < batch_.dispatch.workers_wanted) {
    notices_.tell(fmt::format("waiting for workers, {} of {} are there", dispatch_.workers(),
                              batch_.dispatch.workers_wanted));
  }
}

bool Ventilator::finished() const {
  if (stopping()) return dispatch_.outstanding() == 0;
  return state() == BatchState::complete;
}

// The last announcement tells the sink that it may end, too. Closing the sockets delivers it.
int Ventilator::leave() {
  leaving_ = true;
  announce();
  const std::uint64_t tasks = intake_.last();
  if (state() != BatchState::complete) {
    notices_.warn(fmt::format("stopped with {} of {}{} tasks done{}", dispatch_.recorded(), tasks,
                              intake_.ended() ? "" : " or more",
                              batch_.name.empty() ? "" : "; the same command goes on from there"));
    return kExitTrouble;
  }
  if (dispatch_.failed() > 0) tell_how_to_run_again();
  return exit_status(dispatch_.failed());
}

void Ventilator::tell_how_to_run_again() const {
  if (batch_.again.empty()) {
    return notices_.tell(
        "with a --name, and the sink's --journal, failed tasks can be run again alone");
  }
  notices_.tell(fmt::format("to run only the failed tasks again: {}", batch_.again));
}

}  // namespace divvy::ventilator
