#include "worker/filter_executor.hpp"

#include <sys/epoll.h>

#include <algorithm>
#include <csignal>
#include <utility>

#include "common/clock.hpp"
#include "worker/shortage.hpp"

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

// Of a window with more lines answers are looked for now and then, not at each of them.
constexpr std::uint64_t kFewLines = 8;
constexpr auto kLookForAnswersEvery = 1ms;
// At the end of its input a filter may end by itself.
constexpr auto kEndOfInput = 500ms;

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
  if (tasks.form() == TextForm::piece) {
    ended_.push_back({.tasks = std::move(tasks),
                      .outcome = Outcome::failed,
                      .reason = "a filter answers lines, and is given no pieces of the input",
                      .started = now_utc(),
                      .took = {0}});
    return {};
  }
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

std::vector<Chunk> FilterExecutor::take_back(const Which& which) {
  std::vector<Chunk> all;
  for (Slot& slot : slots_) {
    if (slot.rest.empty() || !which(slot.rest.origin)) continue;
    all.push_back(std::exchange(slot.rest, {}));
  }
  return all;
}

bool FilterExecutor::idle() const { return ended_.empty() && busy() == 0; }

std::uint32_t FilterExecutor::occupied(const Which& which) const {
  return static_cast<std::uint32_t>(
      std::count_if(slots_.begin(), slots_.end(),
                    [&](const Slot& slot) { return slot.has_tasks() && which(slot.origin()); }));
}

// --- when it is asked ----------------------------------------------------------------------------

std::optional<int> FilterExecutor::fd() const {
  return look_at_ ? std::nullopt : std::optional(ready_.get());
}

std::optional<Time> FilterExecutor::deadline() const {
  if (!ended_.empty()) return Time{};
  std::optional<Time> first = earlier(capacity_.deadline(), look_at_);
  for (const Slot& slot : slots_) {
    if (slot.filter) first = earlier(first, slot.filter->deadline());
    if (!slot.rest.empty()) first = earlier(first, slot.start_at);
  }
  return first;
}

std::vector<EndedChunk> FilterExecutor::ended(Time now) {
  look(now);
  for (Slot& slot : slots_) advance(slot, now);
  const bool many = std::any_of(slots_.begin(), slots_.end(), [](const Slot& slot) {
    return slot.window.size() > kFewLines && !slot.filter->answers().all();
  });
  look_at_ = many ? std::optional(now + kLookForAnswersEvery) : std::nullopt;
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

// --- what others want of it ----------------------------------------------------------------------

// What is not begun ends with what is under way.
void FilterExecutor::ask_to_end(const Which& which) {
  for (Slot& slot : slots_) {
    if (!slot.rest.empty() && which(slot.rest.origin)) end_unbegun(slot);
    if (slot.window.empty() || !which(slot.window.origin)) continue;
    slot.asked_to_end = true;
    slot.filter->ask_to_end();
  }
}

void FilterExecutor::kill(const Which& which) {
  for (Slot& slot : slots_) {
    if (!slot.window.empty() && which(slot.window.origin)) slot.filter->kill();
  }
}

void FilterExecutor::signal_all(int signal) const {
  for (const Slot& slot : slots_) {
    if (slot.filter) slot.filter->signal(signal);
  }
}

}  // namespace divvy::worker
