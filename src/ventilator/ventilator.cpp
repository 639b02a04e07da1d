#include "ventilator/ventilator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "divvy/digest.hpp"
#include "divvy/endpoints.hpp"
#include "divvy/workload.hpp"

namespace divvy::ventilator {
namespace {

using namespace std::chrono_literals;

constexpr auto kAnnounceEvery = 1s;
constexpr auto kRemindAfter = 2s;
// A worker tries to connect at least once a second; then it says what it holds.
constexpr auto kReunion = 1300ms;

// How far reading goes ahead of what is recorded.
constexpr std::uint64_t kBacklogTasks = 100'000;

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
      sink_(context_, options.endpoints.results),
      lanes_(context_),
      dispatch_(with_ids(batch_.dispatch, self_, id_)) {
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
    const auto fd = batch_.input->fd();
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
  if (sink_.connected_anew()) {
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
  const auto beyond = [this](Range ids) { return is_beyond_input(ids); };
  return std::any_of(presence.running.begin(), presence.running.end(), beyond) ||
         std::any_of(presence.queued.begin(), presence.queued.end(), beyond) ||
         std::any_of(presence.finished.begin(), presence.finished.end(), beyond);
}

// A ventilator that was started again hears of tasks that it has not read yet.
bool Ventilator::is_beyond_input(Range ids) const {
  return batch_.input->ended() && ids.end() - 1 > backlog_.last();
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
    if (receipt.worker == WorkerId::none) input_check_.expect(receipt.ids, receipt.digest);
    if (is_beyond_input(receipt.ids)) {
      notices_.dropped("a receipt for a task that is not in the input");
      continue;
    }
    for (const Range& ids : dispatch_.receipt(receipt, Clock::now())) backlog_.retire(ids);
  }
  halt_if_reached();
}

// Nothing runs before it is known that what is recorded is of this input, and before workers had
// the time to say what they hold of a batch that goes on.
void Ventilator::get_ready(Time now) {
  if (ready_ || !sink_known_) return;
  const bool checked = backlog_.last() >= input_check_.last();
  if (!checked && batch_.input->ended()) {
    throw std::runtime_error(
        fmt::format("the input has {} tasks, but task {} of batch {} is recorded: it is another "
                    "input; give the batch another --name, or the sink another --journal",
                    backlog_.last(), input_check_.last(), batch_.name));
  }
  // Which is the longest is known when all have been seen, or as many as may be.
  const bool seen = !batch_.costs || batch_.input->ended() || backlog_full();
  ready_ = now >= ready_at_ && (checked || backlog_full()) && seen;
  if (ready_) dispatch_.sink_ready();
}

void Ventilator::halt_if_reached() {
  if (halted_ || !batch_.halt || !batch_.halt->reached(dispatch_.failed(), backlog_.last())) return;
  halted_ = true;
  dispatch_.stop(batch_.halt->now);
  notices_.warn(fmt::format("halting: {} tasks have failed", dispatch_.failed()));
}

bool Ventilator::wants_input() const {
  // A batch that may go on is read once the sink has said what is recorded of it.
  const bool wanted = batch_.name.empty() || sink_known_;
  return wanted && !stopping() && !batch_.input->ended() && !backlog_full();
}

bool Ventilator::backlog_full() const {
  return backlog_.tasks() >= kBacklogTasks || backlog_.bytes() >= batch_.max_outstanding_bytes;
}

bool Ventilator::stopping() const { return interrupts_ > 0 || halted_; }

void Ventilator::read_input() {
  if (!batch_.input->ready()) return;
  batch_.input->read([this](std::string_view text) { take_task(text); });
  dispatch_.input(backlog_.last(), batch_.input->ended());
  if (!batch_.input->ended()) return;
  announce_at_ = Clock::now();
  if (const auto remark = batch_.input->remark(); !remark.empty()) notices_.tell(remark);
}

void Ventilator::take_task(std::string_view text) {
  backlog_.append(text);
  const TaskId id = backlog_.last();
  if (const auto other = input_check_.read(id, text)) {
    throw std::runtime_error(fmt::format(
        "tasks {} to {} are not what is recorded of batch {}: it is another input; give the batch "
        "another --name, or the sink another --journal",
        other->first, other->end() - 1, batch_.name));
  }
  if (dispatch_.is_recorded(id)) {
    backlog_.retire({id, 1});
  } else if (batch_.costs) {
    rank_task(id, text);
  }
  const auto workload = expected_msec_ ? parse_workload(text) : std::nullopt;
  if (workload) {
    *expected_msec_ += static_cast<std::uint64_t>(workload->count());
  } else {
    expected_msec_.reset();
  }
}

void Ventilator::rank_task(TaskId id, std::string_view text) {
  if (const auto cost = batch_.costs->of(text)) return dispatch_.rank(id, cost->count());
  if (!std::exchange(cost_unknown_, true)) {
    notices_.tell(fmt::format("the cost of task {} is not known: such tasks come last", id));
  }
}

// Whether lines of numbers are workloads or arguments is for the workers to say.
void Ventilator::tell_expected_cost() {
  if (cost_told_ || !dispatch_.started() || !batch_.input->ended()) return;
  if (!batch_.workloads && !dispatch_.workloads()) return;
  cost_told_ = true;
  if (!expected_msec_ || !(batch_.workloads || *dispatch_.workloads())) return;
  fmt::print("Total expected cost: {} msec\n", *expected_msec_);
  std::fflush(stdout);
}

void Ventilator::carry_out(const Dispatch::Orders& orders) {
  for (const WorkerId worker : orders.close) {
    lanes_.close(worker);
    notices_.detail("a worker is gone");
  }
  for (const auto& [worker, inbox] : orders.open) {
    if (!lanes_.open(worker, inbox)) notices_.dropped("a worker whose inbox is no endpoint");
    notices_.detail(fmt::format("a worker at {}", inbox));
  }
  for (const Dispatch::Order& order : orders.send) send(order);
  if (!started_ && dispatch_.started()) {
    started_ = announce_at_ = Clock::now();
    if (batch_.workloads) fmt::print("Sending tasks to workers...\n");
    std::fflush(stdout);
  }
  tell_expected_cost();
}

void Ventilator::send(const Dispatch::Order& order) {
  Lane lane{order.worker,  self_,          order.sequence, id_,
            order.settled, order.recalled, order.abort,    {}};
  for (const Dispatch::Portion& portion : order.tasks) {
    for (Range rest = portion.ids; rest.count > 0;) {
      const auto [ids, texts] = backlog_.slice(rest);
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
    result.texts = backlog_.slice(result.ids).texts;
    given_up_.push_back(encode(Results{WorkerId::none, "ventilator", id_, {result}}));
    sink_.send(given_up_.back());
  }
}

BatchState Ventilator::state() const {
  const bool ended = batch_.input->ended();
  if (sink_known_ && ended && dispatch_.recorded() == backlog_.last()) return BatchState::complete;
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
                                 backlog_.last(), elapsed, batch_.retry_failed, sleeps,
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
  const std::uint64_t tasks = backlog_.last();
  if (state() != BatchState::complete) {
    notices_.warn(fmt::format("stopped with {} of {}{} tasks done{}", dispatch_.recorded(), tasks,
                              batch_.input->ended() ? "" : " or more",
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
