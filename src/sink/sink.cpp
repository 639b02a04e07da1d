#include "sink/sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "divvy/endpoints.hpp"
#include "sink/failure.hpp"

namespace divvy::sink {

Sink::Sink(const Options& options)
    : options_(options),
      notices_("sink", options.common),
      context_(options.common.key),
      results_(context_, make_pull(context_, kMaxResultsBytes), options.common.endpoints.results),
      progress_(options.common.quiet) {
  if (!options.journal.empty()) journal_.emplace(options.journal);
  if (!options.summary.empty()) (void)open_summary("a");  // a mistake is to be known now
  notices_.detail(fmt::format("results on {}", results_.endpoint()));
}

int Sink::run() {
  while (!served_) {
    wait();
    if (signals_.drain() > 0) {
      trouble_ = true;
      break;
    }
    hear();
    if (batch_) {
      batch_->printer.flush();
      if (journal_) journal_->commit();
      send_receipts();
      if (batch_->over(Clock::now())) end_batch();
    }
    if (batch_) show_progress();
  }
  if (batch_) end_batch();
  return status();
}

void Sink::wait() {
  std::vector<zmq::pollitem_t> items{{nullptr, signals_.fd(), ZMQ_POLLIN, 0},
                                     {nullptr, timer_.fd(), ZMQ_POLLIN, 0}};
  context_.add_to(items);
  results_.add_to(items);
  std::optional<Time> deadline;
  if (batch_) {
    if (batch_->feedback) batch_->feedback->add_to(items, !batch_->receipts.empty());
    deadline = batch_->deadline();
    if (const auto due = progress_.deadline())
      deadline = deadline ? std::min(*deadline, *due) : due;
  }
  timer_.set(deadline);
  zmq::poll(items);
}

void Sink::hear() {
  context_.answer_door();
  results_.news(notices_);
  for (const Turn turn; !turn.over() && !served_;) {
    auto message = results_.receive();
    if (!message) return;
    hear(*message);
  }
}

void Sink::hear(zmq::message_t& message) {
  const std::string_view frame = view(message);
  if (is_plain(frame)) {
    if (batch_) return notices_.dropped("a plain message in the middle of a batch");
    return hear_plain();
  }
  if (const auto announcement = decode<Announcement>(frame)) {
    return hear_announcement(*announcement, message);
  }
  const auto results = decode<Results>(frame);
  if (!results) return notices_.dropped("a message that is neither results nor an announcement");
  hear_results(*results);
}

void Sink::hear_announcement(const Announcement& announcement, zmq::message_t& message) {
  const Time now = Clock::now();
  if (batch_ && batch_->id != announcement.batch) {
    if (!batch_->forsaken(now)) {
      return notices_.dropped("the announcement of a second batch, while one is under way");
    }
    end_batch();
    if (served_) return;
  }
  if (!batch_) begin(announcement);
  const bool again = batch_->ventilator != VentilatorId::none;
  if (batch_->update(announcement, now)) meet(announcement, again);
  if (batch_->started && !batch_->sleeps && !progress_.deadline()) progress_.start(now);
  find_ventilator(reach(announcement.feedback, peer_of(message)));
}

void Sink::begin(const Announcement& announcement) {
  Printer printer(options_.printing, stdout, stderr, [this] { progress_.clear(); });
  batch_.emplace(announcement.batch, announcement.name, std::move(printer));
  notices_.detail(
      fmt::format("a batch begins{}{}", announcement.name.empty() ? "" : ": ", announcement.name));
  if (journal_) restore();
  // On a new connection whoever has results sends them again.
  if (std::exchange(missed_results_, false)) results_.dismiss_all(notices_);
}

void Sink::restore() {
  batch_->resumed = !journal_->begin(batch_->id, batch_->figures.name);
  journal_->replay(batch_->id, [this](const Journal::Recorded& recorded) {
    batch_->restore(recorded.id, recorded.succeeded);
  });
  if (batch_->figures.restored > 0) {
    notices_.tell(fmt::format("going on: {} tasks are recorded in {}", batch_->figures.restored,
                              options_.journal));
  }
}

// `again`: there was another ventilator before.
void Sink::meet(const Announcement& announcement, bool again) {
  Batch& batch = *batch_;
  batch.resumed = batch.resumed || again;
  batch.stated = false;
  if (!announcement.forget_failed) return;
  batch.tally.forget_failed();
  if (journal_) journal_->forget_failed(batch.id);
}

void Sink::find_ventilator(const std::string& feedback) {
  Batch& batch = *batch_;
  if (batch.feedback && batch.feedback_endpoint == feedback) return;
  try {
    if (feedback.empty()) throw std::runtime_error("no endpoint");
    batch.feedback.emplace(context_, make_push(context_), feedback);
    batch.feedback_endpoint = feedback;
  } catch (const std::runtime_error&) {
    notices_.dropped("an announcement whose feedback is no endpoint");
  }
}

void Sink::hear_results(const Results& results) {
  if (!batch_ || results.batch != batch_->id) {
    missed_results_ = true;
    if (batch_) notices_.dropped("results of another batch");
    return;
  }
  for (const Result& result : results.results) {
    if (batch_->has(result.ids)) {
      record(results, result);
    } else {
      notices_.dropped("a result for a task that the batch does not have");
    }
  }
}

void Sink::record(const Results& results, const Result& result) {
  const Tally::Ruling ruling = batch_->record(results, result, Clock::now());
  for (const Range& ids : ruling.news) {
    if (journal_) journal_->record(batch_->id, results.name, ids, result);
    if (result.outcome == Outcome::slept) show_completions(ids.count);
  }
  const bool failed = ruling.verdict == Verdict::failed && !ruling.news.empty();
  if (failed) report_failure(results.name, result);
}

// What the task said on standard error is to be seen just above, unless it waits for its turn.
void Sink::report_failure(std::string_view worker, const Result& result) {
  notices_.tell(failure_line(worker, result));
  if (!options_.printing.keep_order) return;
  for (const std::string& line : last_errors(result)) notices_.tell(line);
}

void Sink::show_completions(std::uint64_t count) {
  if (options_.common.quiet) return;
  for (; count > 0; --count) std::putchar(completions_shown_++ % 10 == 0 ? ':' : '.');
}

// On each new connection to a ventilator all that is recorded is stated: it may be a new one, or
// receipts may have been lost with the old connection.
void Sink::send_receipts() {
  Batch& batch = *batch_;
  if (!batch.feedback) return;
  if (batch.feedback->connected_anew(notices_)) batch.stated = false;
  const auto send = [&](const std::vector<Receipt>& receipts) {
    return batch.feedback->send(
        encode(Receipts{batch.ventilator, batch.id, batch.resumed, receipts}));
  };
  if (!batch.stated) {
    batch.stated = send(journal_ ? journal_->restate(batch.id) : batch.tally.restate());
  }
  if (batch.stated && !batch.receipts.empty() && send(batch.receipts)) batch.receipts.clear();
}

void Sink::show_progress() {
  const Time now = Clock::now();
  if (!batch_->printer.mid_line()) progress_.show(batch_->figures_at(now), now);
}

void Sink::end_batch() {
  progress_.stop();
  const Figures& figures = batch_->figures_at(batch_->last_result);
  if (figures.recorded > 0) {
    if (batch_->started) tell_total(figures.elapsed, batch_->sleeps);
    if (!options_.common.quiet) fmt::print(stderr, "{}", table(figures));
  }
  tell_what_is_missing(figures);
  if (!options_.summary.empty()) write_summary(figures);
  failed_ += figures.failed;
  trouble_ = trouble_ || (!batch_->all_recorded() && !figures.complete);
  served_ = !options_.stay;
  batch_.reset();
}

void Sink::tell_what_is_missing(const Figures& figures) const {
  if (figures.unknown() > 0) {
    notices_.warn(fmt::format(
        "{} of {} tasks were recorded by an earlier sink, without a journal: how is not known",
        figures.unknown(), figures.tasks));
  } else if (!batch_->all_recorded()) {
    notices_.warn(fmt::format("ended with {} of {}{} tasks recorded", figures.recorded,
                              figures.tasks, figures.counted ? "" : " or more"));
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
void Sink::hear_plain() {
  if (!plain_) {
    plain_ = Plain{Clock::now()};
    return;
  }
  show_completions(1);
  std::fflush(stdout);
  if (++plain_->completions < options_.completions) return;
  tell_total(Clock::now() - plain_->started, true);
  plain_.reset();
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
