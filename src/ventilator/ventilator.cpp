#include "ventilator/ventilator.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <stdexcept>
#include <utility>

#include "common/clock.hpp"
#include "common/digest.hpp"
#include "common/plural.hpp"
#include "common/process_name.hpp"
#include "common/program.hpp"
#include "common/random_id.hpp"
#include "common/standard_streams.hpp"

namespace divvy::ventilator {
namespace {

// The same name is the same batch, today and after a crash.
BatchId batch_id(const std::string& name) {
  return BatchId{name.empty() ? random_id() : digest_of(name)};
}

}  // namespace

Ventilator::Ventilator(const CommonOptions& options, Settings settings)
    : log_("ventilator", options.verbosity()),
      name_(process_name()),
      settings_(std::move(settings)),
      self_{random_id()},
      batch_(batch_id(settings_.name)),
      context_(options.key),
      plain_tasks_(context_, context_.socket(zmq::socket_type::push), options.endpoints.tasks),
      feedback_(context_, options.endpoints.feedback),
      sink_(context_, make_push(context_), options.endpoints.results),
      sink_endpoint_(options.endpoints.results),
      lanes_(context_),
      dispatch_(self_, batch_, settings_.dispatch),
      intake_(std::move(settings_.intake), settings_.name, dispatch_, log_),
      news_(log_),
      announce_at_(now()) {
  plain_tasks_.socket().set(zmq::sockopt::linger, 0);
  if (settings_.lanes) {
    lanes_.listen({.ports = *settings_.lanes,
                   .beside = feedback_.endpoint(),
                   .patience = settings_.dispatch.lost_after},
                  log_);
  }
  log_.debug(
      fmt::format("tasks on {}, feedback on {}", plain_tasks_.endpoint(), feedback_.endpoint()));
}

int Ventilator::run() {
  while (!finished()) {
    wait();
    if (stops_ > 1) break;
    receive();
    if (wants_input()) read_input();
    const Time time = now();
    prepare(time);
    dispatch_.sink_reached(sink_.connected());
    carry_out(dispatch_.decide(time));
    report_lost_tasks();
    lost_results_.send(sink_);
    report_skipped_tasks();
    tell_of_other_commands();
    if (time >= announce_at_) announce();
    tell_who_is_missing(time);
    news_.tell_unreachable(time);
  }
  return leave();
}

void Ventilator::wait() {
  context_.add_to(loop_);
  plain_tasks_.add_to(loop_, false);
  const bool hear_at_once = now() >= hear_at_;
  feedback_.add_to(loop_, hear_at_once);
  if (!hear_at_once) loop_.wake_at(hear_at_);
  if (lanes_.ports()) lanes_.ports()->add_to(loop_);
  sink_.add_to(loop_, sink_known() && !skipped_results_.all_sent());
  if (wants_input()) {
    const auto fd = intake_.fd();
    fd ? loop_.watch(*fd) : loop_.wake_at_once();
  }
  loop_.wake_at(announce_at_);
  loop_.wake_at(waiting_for_sink_.deadline());
  loop_.wake_at(waiting_for_workers_.deadline());
  news_.add_to(loop_);
  loop_.wake_at(dispatch_.deadline());
  if (may_run_at_ && now() < *may_run_at_) loop_.wake_at(may_run_at_);
  stop(loop_.wait());
}

void Ventilator::stop(int times) {
  if (times == 0) return;
  stops_ += times;
  stop_handing_out(false);
  if (stops_ == 1 && dispatch_.outstanding() > 0 && !output_has_no_reader()) {
    log_.info(fmt::format("stopping; waiting for {} under way (once more: leave now)",
                          plural(dispatch_.outstanding(), "task")));
  }
}

void Ventilator::stop_handing_out(bool abort) {
  phase_ = Phase::stopping;
  announce_at_ = now();
  dispatch_.stop(abort);
}

// Nothing runs before it is known that what is recorded is of this input, and before workers had
// the time to say what they hold of a batch that is resumed.
void Ventilator::prepare(Time now) {
  if (phase_ != Phase::preparing || !sink_known()) return;
  if (!intake_.may_start() || !command_agrees() || now < *may_run_at_) return;
  phase_ = Phase::running;
  dispatch_.allow_start();
}

// False while it is not known. What is recorded was made by the command that a batch was begun
// with: if that is all there is, another command would do nothing, and must not end as if it had.
bool Ventilator::command_agrees() {
  if (recorded_command_.empty() || settings_.retry_failed) return true;
  if (!settings_.command) return false;
  const std::string& command = *settings_.command;
  if (command.empty() || command == recorded_command_) return true;
  const bool nothing_is_left = dispatch_.pending() + dispatch_.outstanding() == 0;
  if (nothing_is_left && !intake_.ended()) return false;
  const std::string what = fmt::format("batch {} was run with another command: {}; now it is: {}; ",
                                       settings_.name, recorded_command_, command);
  const std::string advice = "give it another --name, or go on with this command by --retry-failed";
  if (nothing_is_left) throw std::runtime_error(what + advice);
  log_.warn_rate_limited("another command", what + "the rest runs with this one");
  return true;
}

void Ventilator::halt_if_reached() {
  if (stopping() || !settings_.halt) return;
  if (!settings_.halt->reached(dispatch_.failed(), intake_.last())) return;
  stop_handing_out(settings_.halt->kill);
  log_.warn(fmt::format("halting: {} {} failed", plural(dispatch_.failed(), "task"),
                        dispatch_.failed() == 1 ? "has" : "have"));
}

// A batch that may be resumed is read once the sink has said what is recorded of it.
bool Ventilator::wants_input() const {
  const bool wanted = settings_.name.empty() || sink_known();
  return wanted && !stopping() && !intake_.ended() && intake_.has_room();
}

void Ventilator::read_input() {
  if (!intake_.ready()) return;
  intake_.read();
  if (intake_.ended()) announce_at_ = now();
}

// Whether lines of numbers are workloads or arguments is for the workers to say.
void Ventilator::tell_expected_cost() {
  if (cost_told_ || !dispatch_.is_handing_out()) return;
  if (!settings_.workloads && !dispatch_.workloads()) return;
  const bool sleep = settings_.workloads || *dispatch_.workloads();
  if (!sleep) intake_.add_no_costs();
  const auto msec = intake_.expected_msec();
  cost_told_ = intake_.ended() || (sleep && !msec);
  if (!cost_told_ || !sleep) return;
  if (!msec) {
    return log_.warn(
        "not all tasks are numbers of milliseconds to sleep, and the workers have no command; to "
        "run each task give them: -- sh -c {}");
  }
  fmt::print("Total expected cost: {} msec\n", *msec);
  std::fflush(stdout);
}

void Ventilator::carry_out(Orders orders) {
  bool expected = true;
  for (const Orders::Close& order : orders.close) {
    lanes_.close(order.worker);
    news_.tell(order);
    expected = expected && (order.reason.empty() || finished());
  }
  if (dispatch_.workers() == 0 && !expected) log_.warn("no workers are left");
  for (const Orders::Open& order : orders.open) {
    const auto error = lanes_.open(order.worker, order.inbox);
    if (error) news_.tell_of_missing_lane(order, *error);
    log_.debug(fmt::format("a worker at {}: {}", order.inbox.empty() ? "no lane" : order.inbox,
                           order.name));
  }
  for (const Orders::Notice& notice : orders.notices) news_.tell(notice, now());
  for (Lane& lane : orders.send) send(std::move(lane));
  if (!started_ && dispatch_.is_handing_out()) {
    started_ = announce_at_ = now();
    if (settings_.workloads) fmt::print("Sending tasks to workers...\n");
    std::fflush(stdout);
  }
  tell_expected_cost();
}

// Adds the texts, and what they are. An assignment whose texts are in several chunks becomes
// several.
void Ventilator::send(Lane lane) {
  lane.form = intake_.form();
  lane.header = intake_.header();
  for (const Assignment& assignment : std::exchange(lane.tasks, {})) {
    for (Range rest = assignment.ids; rest.count > 0;) {
      const auto [ids, texts] = intake_.slice(rest);
      lane.tasks.push_back({.ids = ids,
                            .attempt = assignment.attempt,
                            .attempts = assignment.attempts,
                            .texts = texts});
      rest = {ids.end(), rest.count - ids.count};
    }
  }
  lanes_.send(lane.worker, encode(lane));
}

// With them, an earlier batch may have done something else.
void Ventilator::tell_of_other_commands() {
  const auto& successes = intake_.successes();
  if (skipping_told_ || !successes || !intake_.ended() || !settings_.command) return;
  skipping_told_ = true;
  const std::string& command = *settings_.command;
  const std::uint64_t tasks = command.empty() ? 0 : successes->skipped_of_other_commands(command);
  if (tasks == 0) return;
  log_.warn(
      fmt::format("of {} that {} skipped {} succeeded with another command than {}; "
                  "to run {} with this one, give it another --journal",
                  plural(successes->skipped(), "task"), successes->skipped() == 1 ? "is" : "are",
                  tasks, command, tasks == 1 ? "it" : "them"));
}

// Not while the user is asked to press Enter, and would be interrupted.
void Ventilator::tell_who_is_missing(Time now) {
  if (intake_.waits_for_user()) return;
  const auto sink = [this] { return "a sink at " + sink_endpoint_; };
  waiting_for_sink_.update(sink_.connected() && sink_known(), sink, nothing_more, now, log_);
  if (stopping()) return waiting_for_workers_.stop();
  const std::size_t wanted = dispatch_.is_handing_out() ? 1 : settings_.dispatch.workers_wanted;
  const auto workers = [] { return std::string("workers"); };
  const auto how_many = [&] {
    return fmt::format(", {} of {} are there; they report to {}", dispatch_.workers(), wanted,
                       feedback_.endpoint());
  };
  waiting_for_workers_.update(dispatch_.workers() >= wanted, workers, how_many, now, log_);
}

bool Ventilator::finished() const {
  if (stopping()) return dispatch_.outstanding() == 0;
  return state() == BatchState::complete;
}

// Closing the sockets delivers the last announcement.
int Ventilator::leave() {
  phase_ = Phase::leaving;
  announce_end();
  const std::uint64_t tasks = intake_.last();
  if (state() != BatchState::complete) {
    if (output_has_no_reader()) return kExitTrouble;
    log_.warn(fmt::format("stopped with {} of {}{} tasks done{}", dispatch_.recorded(),
                          std::max(tasks, dispatch_.recorded()), intake_.ended() ? "" : " or more",
                          settings_.name.empty() ? "" : "; the same command goes on from there"));
    return kExitTrouble;
  }
  if (dispatch_.failed() > 0) tell_how_to_retry();
  return exit_status(dispatch_.failed());
}

void Ventilator::tell_how_to_retry() const {
  if (settings_.retry_command.empty()) {
    return log_.info(
        "with a --name, and the sink's --journal, failed tasks can be run again alone");
  }
  log_.info(fmt::format("to run only the failed tasks again{}: {}",
                        settings_.reads_standard_input ? ", with the same input" : "",
                        settings_.retry_command));
}

}  // namespace divvy::ventilator
