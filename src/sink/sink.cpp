#include "sink/sink.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "divvy/endpoints.hpp"

namespace divvy::sink {
namespace {

using namespace std::chrono_literals;

// A ventilator announces its batch every second; after such a silence it is gone.
constexpr auto kVentilatorGone = 3s;
// After so many messages, what they brought is written and receipted before more is read.
constexpr int kMessagesAtOnce = 1000;
constexpr std::size_t kMostEarly = 100'000;

std::string describe(const Result& result) {
  switch (result.outcome) {
    case Outcome::exited:
      return fmt::format("exit status {}", result.status);
    case Outcome::signalled:
      return fmt::format("killed by signal {} ({})", result.status, ::strsignal(result.status));
    case Outcome::timed_out:
      return "timed out";
    case Outcome::slept:
    case Outcome::failed:
    case Outcome::lost:
      break;
  }
  return std::string(result.reason);
}

}  // namespace

Sink::Sink(const Options& options)
    : options_(options),
      notices_("sink", options.common),
      context_(make_context()),
      receiver_(make_pull(context_)),
      listening_(listen_on(receiver_, options.common.endpoints.results)) {
  if (!options.journal.empty()) journal_.emplace(options.journal);
  notices_.detail(fmt::format("results on {}", listening_.endpoint()));
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
      if (over(Clock::now())) end_batch();
    }
  }
  if (batch_) end_batch();
  return status();
}

void Sink::wait() {
  std::vector<zmq::pollitem_t> items{{nullptr, signals_.fd(), ZMQ_POLLIN, 0},
                                     {nullptr, timer_.fd(), ZMQ_POLLIN, 0},
                                     {receiver_.handle(), 0, ZMQ_POLLIN, 0}};
  std::optional<Time> deadline;
  if (batch_) {
    if (batch_->feedback) batch_->feedback->add_to(items, !batch_->receipts.empty());
    if (batch_->all_recorded()) deadline = batch_->heard + kVentilatorGone;
  }
  timer_.set(deadline);
  zmq::poll(items);
}

void Sink::hear() {
  for (int i = 0; i < kMessagesAtOnce && !served_; ++i) {
    auto message = receive(receiver_);
    if (!message) return;
    hear(std::move(*message));
  }
}

void Sink::hear(zmq::message_t message) {
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
  if (batch_) return hear_results(*results);
  if (early_.size() < kMostEarly) early_.push_back(std::move(message));
}

void Sink::hear_announcement(const Announcement& announcement, zmq::message_t& message) {
  const Time now = Clock::now();
  if (batch_ && batch_->id != announcement.batch) {
    if (batch_->heard + kVentilatorGone > now) {
      return notices_.dropped("the announcement of a second batch, while one is under way");
    }
    end_batch();
    if (served_) return;
  }
  if (!batch_) begin(announcement);
  Batch& batch = *batch_;
  batch.state = announcement.state;
  batch.tasks = announcement.tasks;
  batch.heard = now;
  if (batch.ventilator != announcement.ventilator) meet(announcement);
  if (announcement.elapsed > 0 && !batch.started) {
    batch.started = now - std::chrono::nanoseconds(announcement.elapsed);
  }
  find_ventilator(reach(announcement.feedback, peer_of(message)));
}

void Sink::begin(const Announcement& announcement) {
  batch_.emplace(announcement.batch, Printer(options_.printing, stdout, stderr));
  batch_->name = announcement.name;
  notices_.detail(
      fmt::format("a batch begins{}{}", announcement.name.empty() ? "" : ": ", announcement.name));
  if (journal_) restore();
  for (const zmq::message_t& message : std::exchange(early_, {})) {
    hear_results(*decode<Results>(view(message)));
  }
}

void Sink::restore() {
  batch_->resumed = !journal_->begin(batch_->id, batch_->name);
  journal_->replay(batch_->id, [this](const Journal::Recorded& recorded) {
    batch_->tally.restore(recorded.id, recorded.succeeded);
    batch_->printer.skip(recorded.id);
    ++batch_->restored;
  });
  if (batch_->restored > 0) {
    notices_.tell(
        fmt::format("going on: {} tasks are recorded in {}", batch_->restored, options_.journal));
  }
}

// A ventilator is new to the batch: the first one, or one that was started again.
void Sink::meet(const Announcement& announcement) {
  Batch& batch = *batch_;
  batch.resumed = batch.resumed || batch.ventilator != VentilatorId::none;
  batch.ventilator = announcement.ventilator;
  batch.stated = false;
  batch.started.reset();
  if (!announcement.forget_failed) return;
  batch.tally.forget_failed();
  if (journal_) journal_->forget_failed(batch.id);
}

void Sink::find_ventilator(const std::string& feedback) {
  Batch& batch = *batch_;
  if (batch.feedback && batch.feedback_endpoint == feedback) return;
  try {
    batch.feedback.emplace(context_, feedback);
    batch.feedback_endpoint = feedback;
  } catch (const std::runtime_error&) {
    notices_.dropped(fmt::format("an announcement whose feedback is no endpoint: {}", feedback));
  }
}

void Sink::hear_results(const Results& results) {
  if (results.batch != batch_->id) {
    return notices_.detail("results of another batch are ignored");
  }
  for (const Result& result : results.results) record(results, result);
}

void Sink::record(const Results& results, const Result& result) {
  Batch& batch = *batch_;
  const Tally::Ruling ruling = batch.tally.rule(result);
  const auto busy = static_cast<std::uint64_t>(result.ended - result.started);
  batch.receipts.push_back({results.worker, result.ids, result.attempt, ruling.verdict, busy, 0});
  if (ruling.news.empty()) return;
  batch.last_result = Clock::now();
  for (const Range& ids : ruling.news) {
    batch.printer.print(ids, result);
    if (journal_) journal_->record(batch.id, results.name, ids, result);
    if (result.outcome == Outcome::slept) show_completions(ids.count);
  }
  batch.slept = batch.slept || result.outcome == Outcome::slept;
  if (ruling.verdict == Verdict::failed) report_failure(result);
}

void Sink::report_failure(const Result& result) {
  for_each_text(result.texts, [&](std::string_view text) {
    constexpr std::size_t enough = 200;
    notices_.tell(fmt::format("task {} failed, {}: {}", result.ids.first, describe(result),
                              text.substr(0, enough)));
  });
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
  if (batch.feedback->connected_anew()) batch.stated = false;
  const auto send = [&](const std::vector<Receipt>& receipts) {
    return batch.feedback->send(
        encode(Receipts{batch.ventilator, batch.id, batch.resumed, receipts}));
  };
  if (!batch.stated) {
    batch.stated = send(journal_ ? journal_->restate(batch.id) : batch.tally.restate());
  }
  if (batch.stated && !batch.receipts.empty() && send(batch.receipts)) batch.receipts.clear();
}

bool Sink::over(Time now) const {
  const Batch& batch = *batch_;
  if (batch.state > BatchState::closed) return true;
  return batch.all_recorded() && batch.heard + kVentilatorGone <= now;
}

void Sink::end_batch() {
  const Batch& batch = *batch_;
  const Tally& tally = batch.tally;
  if (batch.started && tally.recorded() > 0) {
    tell_total(*batch.started, batch.last_result, batch.slept);
  }
  const bool whole = batch.all_recorded();
  const bool complete = batch.state == BatchState::complete;
  if (complete && !whole) {
    notices_.warn(fmt::format(
        "{} of {} tasks were recorded by an earlier sink, without a journal: how is not known",
        batch.tasks - tally.recorded(), batch.tasks));
  } else if (!whole) {
    notices_.warn(fmt::format("ended with {} of {}{} tasks recorded", tally.recorded(), batch.tasks,
                              batch.state == BatchState::open ? " or more" : ""));
  }
  if (tally.failed() > 0) {
    notices_.tell(fmt::format("{} of {} tasks failed", tally.failed(), tally.recorded()));
  }
  if (tally.duplicates() > 0) {
    notices_.tell(
        fmt::format("{} results came a second time and were dropped", tally.duplicates()));
  }
  failed_ += tally.failed();
  trouble_ = trouble_ || (!whole && !complete);
  served_ = !options_.stay;
  batch_.reset();
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
  tell_total(plain_->started, Clock::now(), true);
  plain_.reset();
  served_ = !options_.stay;
}

// The guide's words go where its completions are shown; with commands, standard output is theirs.
void Sink::tell_total(Time started, Time ended, bool workloads) {
  if (std::exchange(completions_shown_, 0) > 0) fmt::print("\n");
  if (options_.common.quiet) return;
  const auto msec = std::chrono::duration_cast<std::chrono::milliseconds>(ended - started).count();
  std::FILE* const file = workloads ? stdout : stderr;
  fmt::print(file, "Total elapsed time: {} msec\n", std::max<long long>(0, msec));
  std::fflush(file);
}

int Sink::status() const { return trouble_ ? kExitTrouble : exit_status(failed_); }

}  // namespace divvy::sink
