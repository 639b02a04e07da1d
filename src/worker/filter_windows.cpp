// From window to window, and how its lines end.
#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "common/clock.hpp"
#include "common/standard_streams.hpp"
#include "worker/filter_executor.hpp"
#include "worker/shortage.hpp"

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

constexpr auto kStartAgain = 1s;
constexpr const char* kRemedies =
    "sed -u, grep --line-buffered, jq --unbuffered, gawk with fflush(), mawk -W interactive, "
    "python3 -u, or stdbuf -oL in front of it";

}  // namespace

// --- from window to window -----------------------------------------------------------------------

void FilterExecutor::advance(Slot& slot, Time now) {
  if (!slot.filter) return go_on(slot, now);
  Filter& filter = *slot.filter;
  filter.advance(now);
  if (filter.ending()) return advance_ending(slot, now);
  if (slot.window.empty()) return advance_idle(slot, now);
  const auto progress = filter.progress(now);
  if (progress == Filter::Progress::waits) return tell_if_stuck(filter, now);
  if (progress != Filter::Progress::over) return end_wrong(slot, progress, now);
  end_well(slot, now);
  advance_idle(slot, now);
}

void FilterExecutor::advance_ending(Slot& slot, Time now) {
  if (!slot.filter->over(now)) return;
  if (!slot.window.empty()) end_killed(slot, now);
  slot.filter.reset();
  go_on(slot, now);
}

// What it prints without having been asked is no answer. That it ends is no fault.
void FilterExecutor::advance_idle(Slot& slot, Time now) {
  Filter& filter = *slot.filter;
  tell_user(filter.take_errors());
  const bool goes_on = !filter.has_ended() && !filter.ends_input() && !filter.is_closed();
  if (goes_on && !filter.answers().too_many()) return go_on(slot, now);
  if (filter.answers().too_many()) {
    log_.warn(settings_.name + " has printed what answers no line; it is ended");
  }
  end_filter(slot, now);
}

void FilterExecutor::go_on(Slot& slot, Time now) {
  if (slot.rest.empty() || (slot.start_at && now < *slot.start_at)) return;
  slot.start_at.reset();
  try {
    while (slot.window.empty() && !slot.rest.empty()) begin_window(slot, now);
  } catch (const Shortage& shortage) {
    slot.start_at = now + kStartAgain;
    log_.warn_rate_limited("shortage", shortage_text(shortage.code().value()) +
                                           ": lines wait until a filter can be started");
  }
}

std::uint64_t FilterExecutor::lines_of(const Slot& slot) const {
  return slot.size.lines(answers_at_end_ ? WindowSize::kLongestToEnd : WindowSize::kLongest);
}

// Throws Shortage.
void FilterExecutor::begin_window(Slot& slot, Time now) {
  Input input = input_of(slot.rest, lines_of(slot), settings_.filter.delimiter);
  if (input.lines == 0) {
    return refuse_first(slot, settings_.filter.delimiter == '\0'
                                  ? "a NUL byte cannot be in a line for a filter"
                                  : "a line end cannot be in a line for a filter, but with -0");
  }
  try {
    if (!slot.filter) start_filter(slot);
  } catch (const Shortage&) {
    throw;
  } catch (const std::exception& error) {
    return refuse_first(slot, error.what());
  }
  slot.window = slot.rest.take_front(input.lines);
  slot.begun = now;
  slot.begun_utc = now_utc();
  slot.asked_to_end = false;
  slot.filter->begin(std::move(input), answers_at_end_, now);
}

void FilterExecutor::start_filter(Slot& slot) {
  const bool alone = std::none_of(slots_.begin(), slots_.end(),
                                  [](const Slot& other) { return other.filter != nullptr; });
  slot.filter = std::make_unique<Filter>(
      settings_.filter, inheritance_, watchdog_,
      Filter::Place{.slot = slot.number,
                    .epoll = ready_.get(),
                    .key = static_cast<std::uint64_t>(&slot - slots_.data()),
                    .alone = alone});
}

void FilterExecutor::refuse_first(Slot& slot, const std::string& reason) {
  ended_.push_back({.tasks = slot.rest.take_front(1),
                    .slot = slot.number,
                    .outcome = Outcome::failed,
                    .reason = reason,
                    .started = now_utc(),
                    .took = {0}});
}

// --- how lines end -------------------------------------------------------------------------------

void FilterExecutor::end_well(Slot& slot, Time now) {
  Filter& filter = *slot.filter;
  const Answers& answers = filter.answers();
  const std::uint64_t lines = slot.window.size();
  if (filter.has_errors() && lines > 1) {
    slot.size.went_wrong(lines, std::max<std::uint64_t>(filter.answers_before_errors(), 2) - 1);
    slot.errors += filter.take_errors();
    run_again(slot);
    return filter.rest(now);
  }
  if (filter.held_back()) note_held_back();
  slot.size.went_well(lines, answers.since() - slot.begun, filter.has_errors());
  if (filter.has_errors()) slot.errors.clear();
  ended_.push_back({.tasks = std::exchange(slot.window, {}),
                    .slot = slot.number,
                    .outcome = Outcome::exited,
                    .output = lines > 1 ? answers.packed() : std::string(answers.first()),
                    .errors = filter.take_errors(),
                    .started = slot.begun_utc,
                    .took = answers.took()});
  if (slot.rest.empty()) tell_user(std::exchange(slot.errors, {}));
  filter.rest(now);
}

void FilterExecutor::end_wrong(Slot& slot, Filter::Progress trouble, Time now) {
  Filter& filter = *slot.filter;
  const std::uint64_t lines = slot.window.size();
  const bool innocent = filter.was_gone();
  const bool counted_wrong = trouble == Filter::Progress::too_many || filter.held_back();
  if (slot.asked_to_end) {
    end_killed(slot, now);
  } else if (lines > 1 || innocent) {
    run_again(slot);
  } else {
    ended_.push_back(failed_task(slot, trouble, now));
  }
  if (!innocent) {
    slot.size.went_wrong(lines, counted_wrong ? lines / 2 : filter.answers().count());
    if (counted_wrong && lines == 1) slot.size.stay_at_one();
  }
  if (trouble == Filter::Progress::too_long) filter.kill();
  end_filter(slot, now);
}

void FilterExecutor::end_filter(Slot& slot, Time now) {
  Filter& filter = *slot.filter;
  if (filter.has_ended()) {
    slot.filter.reset();
    return go_on(slot, now);
  }
  filter.drop();
  filter.ask_to_end();
  filter.advance(now);
}

void FilterExecutor::run_again(Slot& slot) {
  slot.window.append(slot.rest);
  slot.rest = std::exchange(slot.window, {});
}

// As it is until something else is known.
EndedChunk FilterExecutor::ended_task(Slot& slot, Chunk task, Time now) const {
  return {.tasks = std::move(task),
          .slot = slot.number,
          .outcome = Outcome::failed,
          .started = slot.begun_utc,
          .took = {static_cast<std::uint64_t>((now - slot.begun).count())}};
}

// The line of a window that has only this one.
EndedChunk FilterExecutor::failed_task(Slot& slot, Filter::Progress trouble, Time now) const {
  Filter& filter = *slot.filter;
  EndedChunk ended = ended_task(slot, std::exchange(slot.window, {}), now);
  if (trouble == Filter::Progress::too_long) {
    ended.reason = fmt::format("it printed more than {} bytes", settings_.filter.max_output);
    return ended;
  }
  ended.errors = filter.take_errors();
  if (trouble == Filter::Progress::too_many) {
    ended.reason = settings_.name + " has answered with more than a line";
    return ended;
  }
  ended.output = filter.answers().all() ? filter.answers().first() : filter.answers().begun();
  if (trouble == Filter::Progress::timed_out) ended.outcome = Outcome::timed_out;
  if (trouble == Filter::Progress::closed)
    ended.reason = settings_.name + " takes or answers no more";
  if (trouble == Filter::Progress::ended) set_status(ended, filter);
  return ended;
}

void FilterExecutor::set_status(EndedChunk& ended, const Filter& filter) const {
  const ExitStatus& status = filter.status();
  if (status.exited && status.number == 0) {
    ended.reason = settings_.name + " has ended without an answer";
    return;
  }
  ended.outcome = status.exited ? Outcome::exited : Outcome::signalled;
  ended.status = status.number;
}

// The filter was at the first line that it has not answered; that one has printed something.
void FilterExecutor::end_killed(Slot& slot, Time now) {
  Filter& filter = *slot.filter;
  const Answers& answers = filter.answers();
  const std::uint64_t lines = slot.window.size();
  const bool all_well = lines == 1 && filter.progress(now) == Filter::Progress::over;
  for (std::uint64_t i = 0; i < lines; ++i) {
    EndedChunk ended = ended_task(slot, slot.window.take_front(1), now);
    set_status(ended, filter);
    ended.killed = true;
    if (all_well) ended.outcome = Outcome::exited;
    if (i == std::min(answers.count(), lines - 1)) {
      ended.output = lines == 1 && answers.all() ? answers.first() : answers.begun();
      ended.errors = filter.take_errors();
    }
    ended_.push_back(std::move(ended));
  }
}

void FilterExecutor::end_unbegun(Slot& slot) {
  while (!slot.rest.empty()) {
    ended_.push_back({.tasks = slot.rest.take_front(1),
                      .slot = slot.number,
                      .outcome = Outcome::signalled,
                      .status = SIGTERM,
                      .killed = true,
                      .started = now_utc(),
                      .took = {0}});
  }
}

// --- what people are told ------------------------------------------------------------------------

void FilterExecutor::note_held_back() {
  if (std::exchange(answers_at_end_, true)) return;
  log_.warn(fmt::format(
      "{} answers only at the end of its input, perhaps from a buffer; so it is started anew for "
      "every so many lines. What keeps it running: {}",
      settings_.name, kRemedies));
}

// Where it cannot be seen whether it waits for more: it has threads, or is several processes.
void FilterExecutor::tell_if_stuck(Filter& filter, Time now) {
  if (!filter.seems_stuck(now) || std::exchange(stuck_told_, true)) return;
  if (!filter.took_all()) {
    return log_.warn(settings_.name + " has not read its input for half a minute");
  }
  log_.warn(fmt::format(
      "{} has taken lines and answered none for 5 seconds. Its output may wait in a buffer; "
      "remedies: {}. Or it leaves lines out, as grep does: a filter answers each with one. "
      "--timeout ends such a line",
      settings_.name, kRemedies));
}

}  // namespace divvy::worker
