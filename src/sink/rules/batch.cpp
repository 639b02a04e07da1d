#include "sink/rules/batch.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

namespace divvy::sink {
namespace {

using namespace std::chrono_literals;

// What a ventilator has sent before it ended may be read after its successor's first announcement,
// where the sink was slow, or stood still; but not so long after.
constexpr auto kReadLate = 1s;

// By so much, or 5%, an estimate may differ from the one before and tells nothing new.
constexpr auto kWavering = 500ms;

}  // namespace

Batch::Batch(BatchId id, std::string_view name, bool begun_before)
    : id_(id), resumed_(begun_before) {
  figures_.name = name;
}

// The connection of a ventilator that was killed may close a moment after its successor is heard.
Batch::Claim Batch::claim(VentilatorId ventilator, Time now) {
  const bool taken = ventilator_ != VentilatorId::none && ventilator_ != ventilator;
  if (!taken || disconnected_ || ventilator_gone(now)) return Claim::accepted;
  if (std::exchange(rival_, ventilator) != ventilator) rival_since_ = now;
  return last_announced_ > rival_since_ + kReadLate ? Claim::refused : Claim::open;
}

bool Batch::update(const Announcement& announcement, Time now) {
  last_announced_ = now;
  disconnected_ = false;
  state_ = announcement.state;
  workloads_ = announcement.workloads;
  figures_.tasks = announcement.tasks;
  figures_.stopping = state_ == BatchState::stopping;
  if (!figures_.stopping) figures_.counted = state_ != BatchState::open;
  figures_.workers_there = announcement.workers;
  figures_.slots = announcement.slots;
  figures_.busy_slots = announcement.busy_slots;
  figures_.most_slots = std::max(figures_.most_slots, announcement.slots);
  if (announcement.elapsed > 0) started_by(now - std::chrono::nanoseconds(announcement.elapsed));
  note_outlook(announcement, now);
  if (started_)
    slots_.tell(static_cast<double>(announcement.slots), slots_.begun() ? now : *started_);
  const VentilatorId former = std::exchange(ventilator_, announcement.ventilator);
  if (former == announcement.ventilator) return false;
  resumed_ = resumed_ || former != VentilatorId::none;
  state_anew();
  return true;
}

// A new estimate that is almost the old one would only make the display waver.
void Batch::note_outlook(const Announcement& announcement, Time now) {
  oldest_ = announcement.oldest;
  oldest_since_ = now - std::chrono::nanoseconds(announcement.oldest_age);
  if (announcement.time_left == 0) return ends_at_.reset();
  const std::chrono::nanoseconds left(announcement.time_left);
  const Time end = now + left;
  const auto change = ends_at_ ? std::chrono::abs(end - *ends_at_) : left;
  if (!ends_at_ || *ends_at_ <= now || change > std::max<Time::duration>(kWavering, left / 20)) {
    ends_at_ = end;
  }
}

// Each message tells the start too late, by its time on the way. So the earliest is the best
// estimate.
void Batch::started_by(Time time) { started_ = std::min(started_.value_or(time), time); }

void Batch::restore(Range ids, bool succeeded) {
  tally_.restore(ids, succeeded);
  figures_.restored += ids.count;
}

void Batch::skip(Range ids) {
  for (const Range& part : tally_.skip(ids)) figures_.skipped += part.count;
}

Tally::Ruling Batch::record(const Results& results, const Result& result, Time now) {
  Tally::Ruling ruling = rule(results, result);
  if (!ruling.recorded.empty()) {
    last_result_ = now;
    slots_.mark(now);
    started_by(now - std::chrono::nanoseconds(result.ended - result.started));
  }
  for (const Range& ids : ruling.recorded) figures_.add_recorded(results.name, ids, result);
  const bool repeated = repetitions_.is_one(results.worker, result);
  ruling.ended = repeated ? ruling.recorded : std::vector{result.ids};
  for (const Range& ids : ruling.ended) figures_.add_attempts(results.name, ids, result);
  return ruling;
}

Tally::Ruling Batch::rule(const Results& results, const Result& result) {
  if (result.outcome == Outcome::interrupted) {
    return {.verdict = Verdict::retry, .superseded = {result.ids}};
  }
  Tally::Ruling ruling = tally_.rule(result);
  for (const Range& ids : ruling.failed) add_receipt(results, result, ids, Verdict::failed);
  for (const Range& ids : RangeSet(ruling.failed).missing(result.ids)) {
    add_receipt(results, result, ids, ruling.verdict);
  }
  return ruling;
}

void Batch::add_receipt(const Results& results, const Result& result, Range ids, Verdict verdict) {
  const auto all = static_cast<std::uint64_t>(result.ended - result.started);
  const bool whole = ids.count == result.ids.count;
  receipts_.push_back({.worker = results.worker,
                       .ids = ids,
                       .attempt = result.attempt,
                       .verdict = verdict,
                       .duration = whole ? all : all / result.ids.count * ids.count});
}

bool Batch::has(Range ids) const { return !figures_.counted || ids.end() - 1 <= figures_.tasks; }

bool Batch::all_recorded() const { return figures_.counted && tally_.recorded() == figures_.tasks; }

bool Batch::over(Time now) const {
  return state_ == BatchState::complete || state_ == BatchState::stopped ||
         (all_recorded() && ventilator_gone(now));
}

bool Batch::abandoned() const { return state_ == BatchState::stopped && runs_tasks(); }

bool Batch::ventilator_gone(Time now) const { return last_announced_ + kVentilatorGone <= now; }

std::optional<Time> Batch::deadline() const {
  if (!all_recorded()) return {};
  return last_announced_ + kVentilatorGone;
}

const Figures& Batch::figures(Time end, double mean_slots) {
  figures_.recorded = tally_.recorded();
  figures_.failed = tally_.failed();
  figures_.retried = tally_.retried();
  figures_.duplicates = tally_.duplicates();
  figures_.complete = state_ == BatchState::complete || all_recorded();
  if (started_) figures_.elapsed = std::max(end - *started_, Time::duration{});
  figures_.time_left.reset();
  if (ends_at_) figures_.time_left = std::max(*ends_at_ - end, Time::duration{});
  figures_.oldest = oldest_;
  figures_.oldest_age = oldest_ == 0 ? Seconds(0) : Seconds(end - oldest_since_);
  figures_.mean_slots = mean_slots;
  return figures_;
}

Receipts Batch::message(std::vector<Receipt> receipts, bool more) const {
  return {.ventilator = ventilator_,
          .batch = id_,
          .resumed = resumed_,
          .more = more,
          .receipts = std::move(receipts)};
}

}  // namespace divvy::sink
