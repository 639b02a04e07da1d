#include "sink/batch.hpp"

#include <algorithm>
#include <utility>

namespace divvy::sink {
namespace {

using namespace std::chrono_literals;

// A ventilator announces its batch every second; after such a silence it is gone.
constexpr auto kVentilatorGone = 3s;

}  // namespace

Batch::Batch(BatchId batch, std::string_view name, Printer to) : id(batch), printer(std::move(to)) {
  figures.name = name;
}

bool Batch::update(const Announcement& announcement, Time now) {
  heard = now;
  state = announcement.state;
  sleeps = announcement.sleeps;
  figures.tasks = announcement.tasks;
  figures.counted = state != BatchState::open;
  figures.workers_there = announcement.workers;
  figures.slots = announcement.slots;
  figures.busy = announcement.busy;
  figures.most_slots = std::max(figures.most_slots, announcement.slots);
  const bool met = std::exchange(ventilator, announcement.ventilator) == announcement.ventilator;
  if (announcement.elapsed > 0) begun_by(now - std::chrono::nanoseconds(announcement.elapsed));
  return !met;
}

// News of the beginning is late by its time under way, so the earliest counts.
void Batch::begun_by(Time time) { started = std::min(started.value_or(time), time); }

void Batch::restore(TaskId task, bool succeeded) {
  tally.restore(task, succeeded);
  printer.skip(task);
  ++figures.restored;
}

Tally::Ruling Batch::record(const Results& results, const Result& result, Time now) {
  Tally::Ruling ruling = tally.rule(result);
  const auto busy = static_cast<std::uint64_t>(result.ended - result.started);
  receipts.push_back({results.worker, result.ids, result.attempt, ruling.verdict, busy, 0});
  for (const Range& ids : ruling.news) {
    last_result = now;
    begun_by(now - std::chrono::nanoseconds(busy));
    figures.add(results.name, ids.count, result);
    printer.print(ids, result);
  }
  return ruling;
}

bool Batch::has(Range ids) const { return !figures.counted || ids.end() - 1 <= figures.tasks; }

bool Batch::all_recorded() const { return figures.counted && tally.recorded() == figures.tasks; }

bool Batch::over(Time now) const {
  return state > BatchState::closed || (all_recorded() && forsaken(now));
}

bool Batch::forsaken(Time now) const { return heard + kVentilatorGone <= now; }

std::optional<Time> Batch::deadline() const {
  if (!all_recorded()) return {};
  return heard + kVentilatorGone;
}

const Figures& Batch::figures_at(Time now) {
  figures.recorded = tally.recorded();
  figures.failed = tally.failed();
  figures.retried = tally.retried();
  figures.duplicates = tally.duplicates();
  figures.complete = state == BatchState::complete || all_recorded();
  if (started) figures.elapsed = std::max(now - *started, Time::duration{});
  return figures;
}

}  // namespace divvy::sink
