#include "sink/sink.hpp"

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>
#include <utility>

#include "common/clock.hpp"
#include "common/message.hpp"
#include "common/peer_endpoint.hpp"
#include "common/plural.hpp"
#include "common/process_name.hpp"
#include "common/program.hpp"
#include "sink/duration_text.hpp"
#include "sink/rules/parts.hpp"
#include "sink/summary.hpp"

namespace divvy::sink {
namespace {

using namespace std::chrono_literals;

// A worker that is told to leave at once gives its tasks two seconds to end.
constexpr auto kKillingTakes = 3s;
// A ventilator announces its batch every second.
constexpr auto kSilent = 1300ms;

// Who has a batch under way, for others.
std::string holder_with(std::string_view ventilator) {
  return fmt::format("ventilator {} and sink {}, since {}", ventilator, process_name(),
                     utc_text(now_utc()));
}

}  // namespace

Sink::Sink(const Options& options)
    : options_(options),
      log_("sink", options.common.verbosity()),
      context_(options.common.key),
      results_(context_, make_pull(context_, kMaxResultsBytes), options.common.endpoints.results,
               kQuickHeartbeat),
      report_(options_, log_),
      progress_(options.common.quiet) {
  check_summary(options.summary);  // a mistake is to be known now
  if (!options.output_directory.empty()) output_files_.emplace(options.output_directory);
  if (!options.attempt_log.empty()) attempt_log_.emplace(options.attempt_log);
  // Last: it may get another layout, and a refused command must leave it as it was.
  if (!options.journal.empty()) journal_.emplace(options.journal);
  log_.debug(fmt::format("results on {}", results_.endpoint()));
}

int Sink::run() {
  try {
    serve();
  } catch (const ReaderGone&) {
    return kExitTrouble;
  }
  return status();
}

void Sink::serve() {
  while (!served_) {
    wait();
    receive();
    if (batch_) commit();
    const bool lingers = awaits_killed_tasks();
    if (batch_ && batch_->over(now()) && !lingers) end_batch();
    if (stops_ > 0 && !lingers) break;
    if (batch_) show_progress();
    tell_who_is_missing(now());
    if (refusal_) refusal_->send(log_);
  }
  trouble_ = trouble_ || !served_;
  if (batch_) end_batch();
}

void Sink::wait() {
  context_.add_to(loop_);
  results_.add_to(loop_);
  if (refusal_) refusal_->add_to(loop_);
  if (feedback_) {
    const bool unsent = batch_ && (batch_->unstated() || !batch_->unsent_receipts().empty());
    feedback_->add_to(loop_, unsent);
  }
  if (batch_) {
    loop_.wake_at(batch_->deadline());
    if (!printer_->mid_line()) loop_.wake_at(progress_.deadline());
    loop_.wake_at(linger_until_);
    const Time silent_at = batch_->last_announced() + kSilent;
    if (now() < silent_at) loop_.wake_at(silent_at);
  }
  loop_.wake_at(waiting_for_ventilator_.deadline());
  stops_ += loop_.wait();
}

void Sink::receive() {
  context_.authenticate();
  for (const int fd : results_.events(log_).disconnected) {
    if (batch_ && fd == announced_by_) batch_->ventilator_disconnected();
  }
  for (const TimeSlice slice; !slice.over() && !served_;) {
    auto message = results_.receive();
    if (!message) return;
    receive(*message);
  }
}

void Sink::receive(zmq::message_t& message) {
  const std::string_view frame = view(message);
  if (is_plain(frame)) {
    if (batch_) return log_.dropped("a plain message in the middle of a batch");
    return receive_plain();
  }
  if (const auto announcement = decode<Announcement>(frame)) {
    return receive_announcement(*announcement, message);
  }
  if (const auto results = decode<Results>(frame)) return receive_results(*results);
  if (const auto live = decode<LiveOutput>(frame)) return receive_live_output(*live);
  if (const auto version = other_version(frame)) return receive_other_version(*version, message);
  log_.dropped("a message that is neither results nor an announcement");
}

void Sink::receive_announcement(const Announcement& announcement, zmq::message_t& message) {
  if (batch_ && !is_for_present_batch(announcement, message)) return;
  const bool begins = !batch_;
  if (begins && (served_ || !begin(announcement, message))) return;
  const bool new_ventilator = batch_->update(announcement, now());
  if (!begins && new_ventilator) succeed(announcement);
  follow(announcement, message);
}

// False if it is not to be served, now or at all.
bool Sink::is_for_present_batch(const Announcement& announcement, zmq::message_t& message) {
  const Time time = now();
  if (batch_->id() != announcement.batch) {
    if (batch_->ventilator_gone(time)) {
      end_batch();
      return true;  // there is none any more
    }
    log_.dropped("the announcement of a second batch, while one is under way");
    return false;
  }
  const Batch::Claim claim = batch_->claim(announcement.ventilator, time);
  if (claim == Batch::Claim::refused) refuse(announcement, message, holder_);
  return claim == Batch::Claim::accepted;
}

void Sink::follow(const Announcement& announcement, zmq::message_t& message) {
  const Time time = now();
  announced_by_ = connection_of(message);
  // Only what it hands out tasks with has it accepted for the batch.
  const bool under_way = announcement.elapsed > 0 || announcement.state == BatchState::complete;
  if (journal_ && under_way) journal_->set_command(announcement.command);
  const bool shows_progress = batch_->started() && !batch_->workloads();
  if (shows_progress && !progress_.deadline()) progress_.start(time);
  if (!connect_feedback(reach(announcement.feedback, peer_address(message)))) {
    log_.dropped("an announcement whose feedback is no endpoint");
  }
}

// The batch's next ventilator takes it over.
void Sink::succeed(const Announcement& announcement) {
  holder_ = holder_with(announcement.sender);
  if (journal_) journal_->hold(holder_);
  if (announcement.forget_failed) forget_failed(announcement.ventilator);
}

// False if another sink has the batch under way, or if its outputs have no place.
bool Sink::begin(const Announcement& announcement, zmq::message_t& message) {
  if (output_files_) {
    const auto why = output_files_->begin(announcement.batch, announcement.name);
    if (why) {
      answer(announcement, message, *why);
      return false;
    }
  }
  const std::string holder = holder_with(announcement.sender);
  Journal::Begun begun;
  if (journal_) begun = journal_->begin(announcement.batch, announcement.name, holder);
  if (!begun.held_by.empty()) {
    refuse(announcement, message, begun.held_by);
    return false;
  }
  holder_ = holder;
  feedback_.reset();
  batch_.emplace(announcement.batch, announcement.name, begun.before);
  printer_.emplace(options_.printing, report_.out(), report_.err(), [this] { progress_.clear(); });
  live_printer_.emplace(*printer_, options_.printing.tag);
  log_.debug(
      fmt::format("a batch begins{}{}", announcement.name.empty() ? "" : ": ", announcement.name));
  // Before restore() counts its failed results as printed.
  if (announcement.forget_failed) forget_failed(announcement.ventilator);
  if (journal_) restore();
  // On a new connection a worker that has results sends them again.
  if (std::exchange(missed_results_, false)) results_.disconnect_all(log_);
  return true;
}

void Sink::refuse(const Announcement& announcement, zmq::message_t& message,
                  const std::string& holder) {
  const auto batch =
      announcement.name.empty() ? "this batch" : fmt::format("batch {}", announcement.name);
  answer(announcement, message, fmt::format("{} is under way already, by {}", batch, holder));
}

// Also without a reason: the message shows our version to a ventilator that has another one.
void Sink::answer(const Announcement& announcement, zmq::message_t& message,
                  const std::string& why) {
  const std::string endpoint = reach(announcement.feedback, peer_address(message));
  const std::string frame =
      encode(Receipts{.ventilator = announcement.ventilator,
                      .batch = announcement.batch,
                      .refusal = std::string_view(why).substr(0, kMaxLineBytes)});
  if (endpoint.empty() || (refusal_ && refusal_->is(endpoint, frame))) return;
  try {
    refusal_.emplace(context_, endpoint, frame);
  } catch (const std::exception&) {
    log_.dropped("an announcement whose feedback is no endpoint");
  }
}

void Sink::restore() {
  std::uint64_t restored = 0;
  journal_->replay([&](Range ids, bool succeeded) {
    batch_->restore(ids, succeeded);
    printer_->skip(ids);
    restored += ids.count;
  });
  if (restored == 0) return;
  log_.info(fmt::format("going on: {} {} recorded in {}", plural(restored, "task"),
                        restored == 1 ? "is" : "are", options_.journal));
}

void Sink::forget_failed(VentilatorId ventilator) {
  batch_->forget_failed();
  if (journal_) journal_->forget_failed(ventilator);
}

// False if the endpoint cannot be connected to.
bool Sink::connect_feedback(const std::string& endpoint) {
  if (feedback_ && feedback_endpoint_ == endpoint) return true;
  if (endpoint.empty()) return false;
  try {
    feedback_.emplace(context_, make_push(context_), endpoint);
    feedback_endpoint_ = endpoint;
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void Sink::receive_other_version(int version, zmq::message_t& message) {
  const auto announcement = decode_introduction<Announcement>(view(message));
  const char* const peer = announcement ? "the ventilator" : "a worker";
  log_.warn_rate_limited(peer, other_version_line(peer, version));
  if (announcement && !batch_) answer(*announcement, message, "");
}

void Sink::receive_results(const Results& results) {
  if (!batch_ || results.batch != batch_->id()) {
    missed_results_ = true;
    if (batch_) log_.dropped("results of another batch");
    return;
  }
  for (const Result& result : results.results) {
    if (batch_->has(result.ids)) {
      record(results, result);
    } else {
      log_.dropped("a result for a task that the batch does not have");
    }
  }
}

void Sink::receive_live_output(const LiveOutput& message) {
  if (!options_.live) return;  // the sink before this one wanted it
  if (!batch_ || message.batch != batch_->id()) {
    missed_results_ = true;
    if (batch_) log_.dropped("live output of another batch");
    return;
  }
  for (const Fragment& fragment : message.fragments) {
    const Range id{.first = fragment.id};
    if (!id.valid() || !batch_->has(id)) {
      log_.dropped("live output of a task that the batch does not have");
    } else if (!batch_->is_recorded(fragment.id)) {
      live_printer_->print(message.worker, fragment);
    }
  }
}

// The ventilator says it again on each new connection: so it is neither recorded nor answered.
void Sink::skip(Range ids) {
  batch_->skip(ids);
  printer_->skip(ids);
}

void Sink::record(const Results& results, const Result& result) {
  if (result.outcome == Outcome::skipped) return skip(result.ids);
  const Tally::Ruling ruling = batch_->record(results, result, now());
  if (ruling.verdict == Verdict::retry) print_attempt(results.worker, result);
  for_each_part(result, ruling.superseded, [&](const Result& part) {
    if (journal_) journal_->keep(results.name, part);
  });
  for_each_part(result, ruling.recorded, [&](const Result& part) {
    live_printer_->print(results.worker, part);
    if (journal_) journal_->record(results.name, part);
    if (output_files_) output_files_->write(part);
    if (part.outcome == Outcome::slept) report_.completions(part.ids.count);
  });
  if (attempt_log_) {
    const auto add = [&](const Result& part) { attempt_log_->add(results.name, part); };
    for_each_part(result, ruling.ended, add);
  }
  const bool failed = ruling.verdict == Verdict::failed && !ruling.recorded.empty();
  if (failed) report_.failure(results.name, result);
}

// One that counts for nothing: it was killed, or is tried again.
void Sink::print_attempt(WorkerId worker, const Result& result) {
  const bool is_live = options_.live && result.ids.count == 1;
  if (is_live && !batch_->is_recorded(result.ids.first)) {
    live_printer_->print_attempt(worker, result);
  } else if (result.outcome == Outcome::interrupted) {
    printer_->print_interrupted(result);
  }
}

// Called after each turn and before a batch ends. Output is flushed and the journal committed
// before receipts are sent.
void Sink::commit() {
  printer_->flush();
  if (attempt_log_) attempt_log_->commit();  // what the journal has is never told of again
  if (journal_) journal_->commit();
  send_receipts();
}

void Sink::send_receipts() {
  if (!feedback_) return;
  if (feedback_->connected_anew(log_)) {
    batch_->state_anew();
    // A task that is to be tried again is in no statement: who has a result of it without a receipt
    // sends it once more.
    if (batch_->has_retried()) results_.disconnect_all(log_);
  }
  const TimeSlice slice;
  while (batch_->unstated()) {
    if (!feedback_->has_room() || !state_part() || slice.over()) return;
  }
  if (batch_->unsent_receipts().empty()) return;
  if (send(batch_->unsent_receipts(), false)) batch_->receipts_sent();
}

// Of millions of tasks what is recorded is neither one message nor in memory at once.
bool Sink::state_part() {
  const TaskId from = *batch_->unstated();
  const auto counts = [this](TaskId id) { return batch_->is_recorded(id); };
  RecordedPart part =
      journal_ ? journal_->recorded_from(from, counts) : batch_->recorded_from(from);
  if (!send(std::move(part.receipts), part.next.has_value())) return false;
  batch_->stated_until(part.next);
  return true;
}

bool Sink::send(std::vector<Receipt> receipts, bool more) {
  Receipts message = batch_->message(std::move(receipts), more);
  if (journal_) message.command = journal_->command();
  message.live = options_.live;
  return feedback_->send(encode(message));
}

void Sink::tell_who_is_missing(Time now) {
  if (plain_batch_ || stops_ > 0) return waiting_for_ventilator_.stop();
  if (!batch_) {
    const auto ventilator = [] { return std::string("a ventilator"); };
    const auto where = [this] { return "; results on " + results_.endpoint(); };
    return waiting_for_ventilator_.update(false, ventilator, where, now, log_);
  }
  const auto ventilator = [] { return std::string("the ventilator"); };
  const Time heard = batch_->last_announced();
  waiting_for_ventilator_.update(now < heard + kSilent, ventilator, nothing_more, now, log_, heard);
}

void Sink::show_progress() {
  const Time time = now();
  if (!printer_->mid_line()) progress_.show(batch_->figures_at(time), time);
}

// What the tasks have printed that a worker kills when it is told to leave at once comes once they
// are dead, if the worker reaches us until then.
bool Sink::awaits_killed_tasks() {
  const bool abandoned = batch_ && (stops_ > 0 ? batch_->runs_tasks() : batch_->abandoned());
  if (!abandoned) linger_until_.reset();
  if (!abandoned || stops_ > 1 || !results_.has_connections()) return false;
  if (!linger_until_) linger_until_ = now() + kKillingTakes;
  return now() < *linger_until_;
}

void Sink::end_batch() {
  printer_->finish();
  commit();
  progress_.stop();
  const Figures& figures = batch_->final_figures();
  report_.end(*batch_, figures);
  failed_ += figures.failed;
  trouble_ = trouble_ || !figures.complete;
  served_ = !options_.stay;
  if (journal_) journal_->end(figures);
  batch_.reset();
  live_printer_.reset();
  printer_.reset();
  feedback_.reset();
  linger_until_.reset();
}

// The first plain message is the guide's start signal, each further one a completion.
void Sink::receive_plain() {
  if (!plain_batch_) {
    plain_batch_ = PlainBatch{.started = now()};
    return;
  }
  report_.completions(1);
  report_.out().flush();
  if (++plain_batch_->completions < options_.completions) return;
  report_.total(now() - plain_batch_->started, true);
  plain_batch_.reset();
  served_ = !options_.stay;
}

int Sink::status() const { return trouble_ ? kExitTrouble : exit_status(failed_); }

}  // namespace divvy::sink
