#include "sink/session.hpp"

#include <fmt/format.h>

#include <chrono>
#include <stdexcept>
#include <utility>

#include "common/clock.hpp"
#include "common/plural.hpp"
#include "common/process_name.hpp"
#include "common/quoting.hpp"
#include "report/page.hpp"
#include "sink/duration_text.hpp"
#include "sink/rules/parts.hpp"

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

std::string refusal(std::string_view name, std::string_view holder) {
  const auto batch = name.empty() ? "this batch" : fmt::format("batch {}", name);
  return fmt::format("{} is under way already, by {}", batch, holder);
}

// What tells it from others in lines for the user.
std::string label_of(const Announcement& announcement) {
  constexpr std::size_t most = 100;
  if (!announcement.name.empty()) return on_one_line(announcement.name.substr(0, most));
  return "ventilator " + on_one_line(announcement.sender.substr(0, most));
}

// Where there may be others each line says which batch it is about.
std::string program(const Options& options, const Announcement& announcement) {
  return options.stay ? "sink: " + label_of(announcement) : "sink";
}

Printer::Settings share(Printer::Settings all, std::size_t batches) {
  all.most_kept /= batches;
  return all;
}

}  // namespace

// --- its ventilator -----------------------------------------------------------------------------

Session::Session(Resources& resources, const Listener& results, const Announcement& announcement,
                 std::size_t batches)
    : resources_(resources),
      results_(results),
      name_(announcement.name),
      log_(program(resources.options, announcement), resources.options.common.verbosity()),
      holder_(holder_with(announcement.sender)),
      batch_(announcement.batch, name_, false),
      printer_(share(resources.options.printing, batches), resources.console.out(),
               resources.console.err(), [&resources] { resources.progress.clear(); }),
      live_printer_(printer_, resources.options.printing.tag, LiveOutputs::kMostDigests / batches) {
  const bool reports = !resources.options.report.empty();
  if (!resources.journal && reports) temporary_journal_.emplace();
  Journal* const journal = reports && temporary_journal_ ? &temporary_journal_->journal()
                           : resources.journal           ? &*resources.journal
                                                         : nullptr;
  if (journal != nullptr) journal_.emplace(*journal, announcement.batch);
}

std::optional<std::string> Session::begin(const Announcement& announcement) {
  if (resources_.output_files) {
    if (auto why = resources_.output_files->begin(batch_.id(), name_)) return why;
  }
  if (journal_) {
    const auto begun = journal_->begin(name_, holder_);
    if (!begun.held_by.empty()) {
      if (resources_.output_files) resources_.output_files->end();
      return refusal(name_, begun.held_by);
    }
    batch_ = Batch(batch_.id(), name_, begun.before);
  }
  resources_.log.debug(fmt::format("a batch begins{}{}", name_.empty() ? "" : ": ", name_));
  // Before restore() counts its failed results as printed.
  if (announcement.forget_failed) forget_failed(announcement.ventilator);
  if (journal_) restore();
  return {};
}

void Session::restore() {
  std::uint64_t restored = 0;
  journal_->replay([&](Range ids, bool succeeded) {
    batch_.restore(ids, succeeded);
    printer_.skip(ids);
    restored += ids.count;
  });
  if (restored == 0) return;
  log_.info(fmt::format("going on: {} {} recorded in {}", plural(restored, "task"),
                        restored == 1 ? "is" : "are", resources_.options.journal));
}

void Session::forget_failed(VentilatorId ventilator) {
  batch_.forget_failed();
  if (journal_) journal_->forget_failed(ventilator);
}

std::string Session::why_refused() const { return refusal(name_, holder_); }

void Session::follow(const Announcement& announcement, const std::string& feedback,
                     int connection) {
  const Time time = now();
  const bool another = batch_.update(announcement, time);
  if (std::exchange(followed_, true) && another) succeed(announcement);
  announced_by_ = connection;
  // What was on its way when it ended is no sign of life.
  if (!results_.is_open(connection)) batch_.ventilator_disconnected();
  // Only what it hands out tasks with has it accepted for the batch.
  const bool under_way = announcement.elapsed > 0 || announcement.state == BatchState::complete;
  if (journal_ && under_way) journal_->set_command(announcement.command);
  if (shows_progress() && !resources_.progress.deadline()) resources_.progress.start(time);
  if (!connect_feedback(feedback)) {
    resources_.log.dropped("an announcement whose feedback is no endpoint");
  }
}

// The batch's next ventilator takes it over.
void Session::succeed(const Announcement& announcement) {
  holder_ = holder_with(announcement.sender);
  if (journal_) journal_->hold(holder_);
  if (announcement.forget_failed) forget_failed(announcement.ventilator);
}

// False if the endpoint cannot be connected to.
bool Session::connect_feedback(const std::string& endpoint) {
  if (feedback_ && feedback_endpoint_ == endpoint) return true;
  if (endpoint.empty()) return false;
  try {
    feedback_.emplace(resources_.context, make_feedback_push(resources_.context), endpoint);
    feedback_endpoint_ = endpoint;
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

void Session::disconnected(int connection) {
  if (connection == announced_by_) batch_.ventilator_disconnected();
  connections_.erase(connection);
}

void Session::tell_who_is_missing(Time now, bool told) {
  if (!told) return waiting_for_ventilator_.stop();
  const auto ventilator = [] { return std::string("the ventilator"); };
  const Time heard = batch_.last_announced();
  waiting_for_ventilator_.update(now < heard + kSilent, ventilator, nothing_more, now, log_, heard);
}

// --- results ------------------------------------------------------------------------------------

void Session::receive(const Results& results, int connection) {
  connections_.insert(connection);
  for (const Result& result : results.results) {
    if (batch_.has(result.ids)) {
      record(results, result);
    } else {
      resources_.log.dropped("a result for a task that the batch does not have");
    }
  }
}

void Session::receive(const LiveOutput& message) {
  for (const Fragment& fragment : message.fragments) {
    const Range id{.first = fragment.id};
    if (!id.valid() || !batch_.has(id)) {
      resources_.log.dropped("live output of a task that the batch does not have");
    } else if (!batch_.is_recorded(fragment.id)) {
      live_printer_.print(message.worker, fragment);
    }
  }
}

void Session::record(const Results& results, const Result& result) {
  if (result.outcome == Outcome::skipped) return skip(result.ids);
  const Tally::Ruling ruling = batch_.record(results, result, now());
  if (ruling.verdict == Verdict::retry) print_attempt(results.worker, result);
  for_each_part(result, ruling.superseded, [&](const Result& part) {
    if (journal_) journal_->keep(results.name, part);
  });
  for_each_part(result, ruling.recorded, [&](const Result& part) {
    live_printer_.print(results.worker, part);
    if (journal_) journal_->record(results.name, part);
    if (resources_.output_files) resources_.output_files->write(part);
    if (part.outcome == Outcome::slept) resources_.console.completions(part.ids.count);
  });
  if (auto& log = resources_.attempt_log) {
    const auto add = [&](const Result& part) { log->add(results.name, part); };
    for_each_part(result, ruling.ended, add);
  }
  if (ruling.verdict != Verdict::failed || ruling.recorded.empty()) return;
  const auto line = failures_.line(results.name, result);
  if (line) resources_.console.failure(log_, *line, result);
}

// The ventilator says it again on each new connection: so it is neither recorded nor answered.
void Session::skip(Range ids) {
  batch_.skip(ids);
  printer_.skip(ids);
}

// One that counts for nothing: it was killed, or is tried again.
void Session::print_attempt(WorkerId worker, const Result& result) {
  const bool is_live = resources_.options.live && result.ids.count == 1;
  if (is_live && !batch_.is_recorded(result.ids.first)) {
    live_printer_.print_attempt(worker, result);
  } else if (result.outcome == Outcome::interrupted) {
    printer_.print_interrupted(result);
  }
}

// --- receipts -----------------------------------------------------------------------------------

void Session::send_receipts(const TimeSlice& slice) {
  if (!feedback_) return;
  if (feedback_->connected_anew(resources_.log)) {
    batch_.state_anew();
    // A task that is to be tried again is in no statement: who has a result of it without a receipt
    // sends it once more.
    if (batch_.has_retried()) Listener::disconnect(connections_);
  }
  while (batch_.unstated()) {
    if (!feedback_->has_room() || !state_part() || slice.over()) return;
  }
  if (batch_.unsent_receipts().empty()) return;
  if (send(batch_.unsent_receipts(), false)) batch_.receipts_sent();
}

// Of millions of tasks what is recorded is neither one message nor in memory at once.
bool Session::state_part() {
  const TaskId from = *batch_.unstated();
  const auto counts = [this](TaskId id) { return batch_.is_recorded(id); };
  RecordedPart part = journal_ ? journal_->recorded_from(from, counts) : batch_.recorded_from(from);
  if (!send(std::move(part.receipts), part.next.has_value())) return false;
  batch_.stated_until(part.next);
  return true;
}

bool Session::send(std::vector<Receipt> receipts, bool more) {
  Receipts message = batch_.message(std::move(receipts), more);
  if (journal_) message.command = journal_->command();
  message.live = resources_.options.live;
  return feedback_->send(encode(message));
}

// --- its end ------------------------------------------------------------------------------------

void Session::add_to(EventLoop& loop) {
  if (feedback_) {
    feedback_->add_to(loop, batch_.unstated() || !batch_.unsent_receipts().empty());
  }
  loop.wake_at(batch_.deadline());
  loop.wake_at(linger_until_);
  loop.wake_at(waiting_for_ventilator_.deadline());
  const Time silent_at = batch_.last_announced() + kSilent;
  if (now() < silent_at) loop.wake_at(silent_at);
}

// What the tasks have printed that a worker kills when it is told to leave at once comes once they
// are dead, if the worker reaches us until then.
bool Session::awaits_killed_tasks(int stops) {
  const bool abandoned = stops > 0 ? batch_.runs_tasks() : batch_.abandoned();
  if (!abandoned) linger_until_.reset();
  if (!abandoned || stops > 1 || !results_.has_connections()) return false;
  if (!linger_until_) linger_until_ = now() + kKillingTakes;
  return now() < *linger_until_;
}

const Figures& Session::end() {
  const Figures& figures = batch_.final_figures();
  if (temporary_journal_) temporary_journal_->journal().commit();
  // Who reads that the batch is over finds it so in the journal.
  if (journal_) journal_->end(figures);
  for (const std::string& line : failures_.counted()) log_.notice(line);
  if (resources_.options.stay) {
    log_.info(figures.complete ? "the batch is over" : "the batch ends unfinished");
  }
  resources_.console.end(log_, batch_, figures);
  if (!resources_.options.report.empty()) write_report();
  if (resources_.output_files) resources_.output_files->end();
  return figures;
}

void Session::write_report() {
  const Journal& journal = temporary_journal_ ? temporary_journal_->journal() : *resources_.journal;
  report::write_page(resources_.options.report, report::page_of(journal.database(), batch_.id()));
}

}  // namespace divvy::sink
