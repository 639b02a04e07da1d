#include "worker/filter_executor.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "common/clock.hpp"
#include "common/standard_streams.hpp"
#include "worker/shortage.hpp"

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

// Of a window with more lines answers are looked for now and then, not at each of them.
constexpr std::uint64_t kFewLines = 8;
constexpr auto kLookEvery = 1ms;
constexpr auto kStartAgain = 1s;
// At the end of its input a filter may end by itself.
constexpr auto kEndOfInput = 500ms;
constexpr const char* kRemedies =
    "sed -u, grep --line-buffered, jq --unbuffered, gawk with fflush(), mawk -W interactive, "
    "python3 -u, or stdbuf -oL in front of it";

}  // namespace

FilterExecutor::FilterExecutor(Settings settings)
    : settings_(std::move(settings)),
      log_("worker", settings_.verbosity),
      adopts_(adopts_orphans()),
      watchdog_(settings_.slots),
      ready_(checked(::epoll_create1(EPOLL_CLOEXEC), "cannot prepare to run filters")),
      events_(std::size_t{4} * settings_.slots),
      capacity_(settings_.slots),
      slots_(settings_.slots) {
  for (std::uint32_t i = 0; i < settings_.slots; ++i) slots_[i].number = settings_.first_slot + i;
}

FilterExecutor::~FilterExecutor() {
  for (Slot& slot : slots_) {
    slot.rest = {};
    if (slot.filter) slot.filter->close_input();
  }
  wait_for_ends(kEndOfInput);
  for (Slot& slot : slots_) {
    if (slot.filter) slot.filter->ask_to_end();
  }
  wait_for_ends(CommandEnd::kGrace);
}

void FilterExecutor::wait_for_ends(Time::duration at_most) {
  const Time end = now() + at_most;
  const auto runs = [](const Slot& slot) { return slot.filter != nullptr; };
  while (std::any_of(slots_.begin(), slots_.end(), runs)) {
    const Time time = now();
    if (time >= end) return;
    look(time);
    for (Slot& slot : slots_) {
      if (slot.filter) advance(slot, time);
    }
    constexpr int msec = 10;
    epoll_event event{};
    ::epoll_wait(ready_.get(), &event, 1, msec);
  }
}

// --- what it takes -------------------------------------------------------------------------------

// One that has a filter, if there is such a one.
FilterExecutor::Slot* FilterExecutor::free_slot() {
  Slot* found = nullptr;
  for (Slot& slot : slots_) {
    if (!slot.is_free()) continue;
    if (slot.filter) return &slot;
    if (found == nullptr) found = &slot;
  }
  return found;
}

std::uint64_t FilterExecutor::busy() const {
  return static_cast<std::uint64_t>(std::count_if(
      slots_.begin(), slots_.end(), [](const Slot& slot) { return slot.has_tasks(); }));
}

std::uint64_t FilterExecutor::room(Time now) {
  capacity_.grow(now);
  if (!capacity_.has_room(busy())) return 0;
  const Slot* const slot = free_slot();
  return slot == nullptr ? 0 : lines_of(*slot);
}

Executor::NoRoom FilterExecutor::start(Chunk& tasks, Time now) {
  Slot& slot = *free_slot();
  slot.rest = std::move(tasks);
  try {
    begin_window(slot, now);
    return {};
  } catch (const Shortage& shortage) {
    tasks = std::exchange(slot.rest, {});
    capacity_.shrink(busy(), now);
    return shortage_text(shortage.code().value());
  }
}

std::vector<Chunk> FilterExecutor::take_back() {
  std::vector<Chunk> all;
  for (Slot& slot : slots_) {
    if (slot.rest.empty()) continue;
    all.push_back(std::exchange(slot.rest, {}));
  }
  std::sort(all.begin(), all.end(),
            [](const Chunk& a, const Chunk& b) { return a.ids.first < b.ids.first; });
  return all;
}

bool FilterExecutor::idle() const { return ended_.empty() && busy() == 0; }

std::uint32_t FilterExecutor::slots_for(BatchId batch) const {
  const auto foreign = std::count_if(slots_.begin(), slots_.end(), [batch](const Slot& slot) {
    const Chunk& tasks = slot.window.empty() ? slot.rest : slot.window;
    return !tasks.empty() && (tasks.plain || tasks.batch != batch);
  });
  const std::uint32_t slots = capacity_.slots();
  return slots - std::min(static_cast<std::uint32_t>(foreign), slots);
}

// --- when it is asked ----------------------------------------------------------------------------

std::optional<int> FilterExecutor::fd() const {
  return look_at_ ? std::nullopt : std::optional(ready_.get());
}

std::optional<Time> FilterExecutor::deadline() const {
  if (!ended_.empty()) return Time{};
  std::optional<Time> first = capacity_.deadline();
  const auto add = [&first](std::optional<Time> time) {
    if (time && (!first || *time < *first)) first = time;
  };
  add(look_at_);
  for (const Slot& slot : slots_) {
    if (slot.filter) add(slot.filter->deadline());
    if (!slot.rest.empty()) add(slot.start_at);
  }
  return first;
}

std::vector<EndedChunk> FilterExecutor::ended(Time now) {
  look(now);
  for (Slot& slot : slots_) advance(slot, now);
  const bool many = std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) {
    return slot.window.size() > kFewLines && !slot.filter->answers().all();
  });
  look_at_ = many ? std::optional(now + kLookEvery) : std::nullopt;
  if (adopts_) {
    reap_adopted([this](pid_t pid) {
      return std::any_of(slots_.begin(), slots_.end(), [pid](const Slot& slot) {
        return slot.filter && slot.filter->pid() == pid;
      });
    });
  }
  return std::exchange(ended_, {});
}

void FilterExecutor::look(Time now) {
  const int count = ::epoll_wait(ready_.get(), events_.data(), static_cast<int>(events_.size()), 0);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t what = events_[static_cast<std::size_t>(i)].data.u64;
    const auto role = static_cast<Filter::Role>(what & ((1U << Filter::kRoleBits) - 1));
    const auto& filter = slots_[what >> Filter::kRoleBits].filter;
    if (filter) filter->ready(role, now);
  }
}

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
  const siginfo_t& status = filter.status();
  const bool exited = status.si_code == CLD_EXITED;
  if (exited && status.si_status == 0) {
    ended.reason = settings_.name + " has ended without an answer";
    return;
  }
  ended.outcome = exited ? Outcome::exited : Outcome::signalled;
  ended.status = status.si_status;
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

// --- what others want of it ----------------------------------------------------------------------

// What is not begun ends with what is under way.
void FilterExecutor::ask_to_end(const Which& which) {
  for (Slot& slot : slots_) {
    if (!slot.rest.empty() && which(slot.rest)) end_unbegun(slot);
    if (slot.window.empty() || !which(slot.window)) continue;
    slot.asked_to_end = true;
    slot.filter->ask_to_end();
  }
}

void FilterExecutor::kill(const Which& which) {
  for (Slot& slot : slots_) {
    if (!slot.window.empty() && which(slot.window)) slot.filter->kill();
  }
}

void FilterExecutor::signal_all(int signal) const {
  for (const Slot& slot : slots_) {
    if (slot.filter) slot.filter->signal(signal);
  }
}

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
