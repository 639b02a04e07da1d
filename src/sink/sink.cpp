#include "sink/sink.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "common/clock.hpp"
#include "common/message.hpp"
#include "common/peer_endpoint.hpp"
#include "common/program.hpp"
#include "sink/failure.hpp"
#include "sink/summary.hpp"

namespace divvy::sink {

Sink::Sink(const Options& options)
    : options_(options),
      log_("sink", options.common.verbosity()),
      context_(options.common.key),
      results_(context_, make_pull(context_, kMaxResultsBytes), options.common.endpoints.results),
      progress_(options.common.quiet) {
  if (!options.journal.empty()) journal_.emplace(options.journal);
  if (!options.summary.empty()) (void)open_summary("a");  // a mistake is to be known now
  log_.debug(fmt::format("results on {}", results_.endpoint()));
}

int Sink::run() {
  while (!served_) {
    wait();
    if (loop_.stop_signal() != 0) break;
    receive();
    if (batch_) commit();
    if (batch_ && batch_->over(now())) end_batch();
    if (batch_) show_progress();
    if (!batch_ && feedback_ && feedback_->connected_anew(log_)) feedback_->send(refusal_);
  }
  trouble_ = trouble_ || !served_;
  if (batch_) end_batch();
  return status();
}

void Sink::wait() {
  context_.add_to(loop_);
  results_.add_to(loop_);
  if (feedback_) feedback_->add_to(loop_, batch_ && !batch_->unsent_receipts().empty());
  if (batch_) {
    loop_.wake_at(batch_->deadline());
    loop_.wake_at(progress_.deadline());
  }
  loop_.wait();
}

void Sink::receive() {
  context_.authenticate();
  results_.events(log_);
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
  if (const auto version = other_version(frame)) return receive_other_version(*version, message);
  log_.dropped("a message that is neither results nor an announcement");
}

void Sink::receive_announcement(const Announcement& announcement, zmq::message_t& message) {
  const Time time = now();
  if (batch_ && batch_->id() != announcement.batch) {
    if (!batch_->ventilator_gone(time)) {
      return log_.dropped("the announcement of a second batch, while one is under way");
    }
    end_batch();
    if (served_) return;
  }
  const bool begins = !batch_;
  if (begins) begin(announcement);
  const bool new_ventilator = batch_->update(announcement, time);
  if (!begins && new_ventilator && announcement.forget_failed) forget_failed();
  const bool shows_progress = batch_->started() && !batch_->workloads();
  if (shows_progress && !progress_.deadline()) progress_.start(time);
  if (!connect_feedback(reach(announcement.feedback, peer_address(message)))) {
    log_.dropped("an announcement whose feedback is no endpoint");
  }
}

void Sink::begin(const Announcement& announcement) {
  feedback_.reset();
  const bool begun_before = journal_ && !journal_->begin(announcement.batch, announcement.name);
  batch_.emplace(announcement.batch, announcement.name, begun_before);
  printer_.emplace(options_.printing, stdout, stderr, [this] { progress_.clear(); });
  log_.debug(
      fmt::format("a batch begins{}{}", announcement.name.empty() ? "" : ": ", announcement.name));
  if (announcement.forget_failed) forget_failed();  // before restore() counts it as printed
  if (journal_) restore();
  // On a new connection a worker that has results sends them again.
  if (std::exchange(missed_results_, false)) results_.disconnect_all(log_);
}

void Sink::restore() {
  std::uint64_t restored = 0;
  journal_->replay(batch_->id(), [&](const Journal::Recorded& recorded) {
    batch_->restore(recorded.id, recorded.succeeded);
    printer_->skip(recorded.id);
    ++restored;
  });
  if (restored == 0) return;
  log_.info(fmt::format("going on: {} tasks are recorded in {}", restored, options_.journal));
}

void Sink::forget_failed() {
  batch_->forget_failed();
  if (journal_) journal_->forget_failed(batch_->id());
}

// False if the endpoint cannot be connected to.
bool Sink::connect_feedback(const std::string& endpoint) {
  if (feedback_ && feedback_endpoint_ == endpoint) return true;
  if (endpoint.empty()) return false;
  try {
    feedback_.emplace(context_, make_push(context_), endpoint);
    feedback_endpoint_ = endpoint;
    return true;
  } catch (const std::runtime_error&) {
    return false;
  }
}

// The ventilator is answered nevertheless: our message shows it our version, so that it can warn
// its user, too.
void Sink::receive_other_version(int version, zmq::message_t& message) {
  const auto announcement = decode_introduction<Announcement>(view(message));
  const char* const peer = announcement ? "the ventilator" : "a worker";
  log_.warn_rate_limited(peer, other_version_line(peer, version));
  if (!announcement || batch_) return;
  refusal_ = encode(Receipts{.ventilator = announcement->ventilator, .batch = announcement->batch});
  connect_feedback(reach(announcement->feedback, peer_address(message)));
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

void Sink::record(const Results& results, const Result& result) {
  const Tally::Ruling ruling = batch_->record(results, result, now());
  for (const Range& ids : ruling.recorded) {
    printer_->print(ids, result);
    if (journal_) journal_->record(batch_->id(), results.name, ids, result);
    if (result.outcome == Outcome::slept) show_completions(ids.count);
  }
  const bool failed = ruling.verdict == Verdict::failed && !ruling.recorded.empty();
  if (failed) report_failure(results.name, result);
}

// What the task said on standard error was printed just above, unless it waits for earlier tasks.
void Sink::report_failure(std::string_view worker, const Result& result) {
  log_.info(failure_line(worker, result));
  if (!options_.printing.keep_order) return;
  for (const std::string& line : last_errors(result)) log_.info(line);
}

void Sink::show_completions(std::uint64_t count) {
  if (options_.common.quiet) return;
  for (; count > 0; --count) std::putchar(completions_shown_++ % 10 == 0 ? ':' : '.');
}

// Called after each turn and before a batch ends. Output is flushed and the journal committed
// before receipts are sent.
void Sink::commit() {
  printer_->flush();
  if (journal_) journal_->commit();
  send_receipts();
}

void Sink::send_receipts() {
  if (!feedback_) return;
  if (feedback_->connected_anew(log_)) batch_->set_stated(false);
  if (!batch_->stated()) {
    batch_->set_stated(send(journal_ ? journal_->restate(batch_->id()) : batch_->restate()));
  }
  if (!batch_->stated() || batch_->unsent_receipts().empty()) return;
  if (send(batch_->unsent_receipts())) batch_->receipts_sent();
}

bool Sink::send(std::vector<Receipt> receipts) {
  return feedback_->send(encode(batch_->message(std::move(receipts))));
}

void Sink::show_progress() {
  const Time time = now();
  if (!printer_->mid_line()) progress_.show(batch_->figures_at(time), time);
}

void Sink::end_batch() {
  printer_->finish();
  commit();
  progress_.stop();
  const Figures& figures = batch_->final_figures();
  if (figures.recorded > 0) {
    if (batch_->started()) tell_total(figures.elapsed, batch_->workloads());
    if (!options_.common.quiet) fmt::print(stderr, "{}", table(figures));
  }
  tell_what_is_missing(figures);
  if (!options_.summary.empty()) write_summary(figures);
  failed_ += figures.failed;
  trouble_ = trouble_ || (!batch_->all_recorded() && !figures.complete);
  served_ = !options_.stay;
  batch_.reset();
  printer_.reset();
  feedback_.reset();
}

void Sink::tell_what_is_missing(const Figures& figures) const {
  if (figures.unknown() > 0) {
    log_.warn(fmt::format(
        "{} of {} tasks were recorded by an earlier sink, without a journal: how is not known",
        figures.unknown(), figures.tasks));
  } else if (!batch_->all_recorded()) {
    log_.warn(fmt::format("ended with {} of {}{} tasks recorded", figures.recorded, figures.tasks,
                          figures.counted ? "" : " or more"));
  }
}

Sink::File Sink::open_summary(const char* mode) const {
  File file(std::fopen(options_.summary.c_str(), mode));
  if (file) return file;
  throw std::runtime_error(
      fmt::format("cannot write {}: {}", options_.summary, std::strerror(errno)));
}

void Sink::write_summary(const Figures& figures) const {
  const File file = open_summary("w");
  fmt::print(file.get(), "{}", json(figures));
  if (std::fflush(file.get()) == 0) return;
  throw std::runtime_error(
      fmt::format("cannot write {}: {}", options_.summary, std::strerror(errno)));
}

// The first plain message is the guide's start signal, each further one a completion.
void Sink::receive_plain() {
  if (!plain_batch_) {
    plain_batch_ = PlainBatch{.started = now()};
    return;
  }
  show_completions(1);
  std::fflush(stdout);
  if (++plain_batch_->completions < options_.completions) return;
  tell_total(now() - plain_batch_->started, true);
  plain_batch_.reset();
  served_ = !options_.stay;
}

// The guide's words go where its completions are shown; with commands, standard output is theirs.
void Sink::tell_total(Seconds elapsed, bool workloads) {
  if (std::exchange(completions_shown_, 0) > 0) fmt::print("\n");
  if (options_.common.quiet) return;
  const auto msec = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
  std::FILE* const file = workloads ? stdout : stderr;
  fmt::print(file, "Total elapsed time: {} msec\n", msec);
  std::fflush(file);
}

int Sink::status() const { return trouble_ ? kExitTrouble : exit_status(failed_); }

}  // namespace divvy::sink
