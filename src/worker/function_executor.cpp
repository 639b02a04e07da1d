#include "worker/function_executor.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <exception>
#include <utility>

#include "common/clock.hpp"
#include "common/smoothed.hpp"
#include "worker/piece.hpp"

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

// For how long a thread takes tasks at once.
constexpr double kBlockNanoseconds = 1e6;
// About as long it takes to wake one.
constexpr double kWakingNanoseconds = 50e3;
// How much the latest block counts in the mean.
constexpr double kLatest = 0.3;
// A task that runs for longer is no brief one.
constexpr auto kLong = 2ms;
// What has ended is collected as often, also from threads that are still busy.
constexpr auto kCollectEvery = 10ms;
// What is gathered becomes a result then.
constexpr std::size_t kMaxGatheredBytes = 256 << 10;
constexpr std::uint64_t kMaxGatheredTasks = 1 << 16;

std::string packed(std::string_view text) {
  std::string one;
  append_text(one, text);
  return one;
}

}  // namespace

FunctionExecutor::FunctionExecutor(Function function, std::uint32_t slots)
    : function_(std::move(function)),
      ended_event_(checked(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")) {
  // Signals are for the thread that serves.
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  for (std::uint32_t i = 0; i < slots; ++i) {
    slots_.push_back(std::make_unique<Slot>(i + 1));
  }
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  try {
    for (auto& slot : slots_) slot->thread = std::thread([this, &slot = *slot] { run(slot); });
  } catch (...) {
    close();
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
    throw;
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

FunctionExecutor::~FunctionExecutor() { close(); }

void FunctionExecutor::close() {
  take_back([](const Origin&) { return true; });
  {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  wake_.notify_all();
  for (auto& slot : slots_) {
    if (slot->thread.joinable()) slot->thread.join();
  }
}

std::uint32_t FunctionExecutor::slots() const { return static_cast<std::uint32_t>(slots_.size()); }

// For idle threads, and as many as all threads have done by the time that this one is asked again.
std::uint64_t FunctionExecutor::room(Time /*now*/) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t idle_threads = slots_.size() - busy_;
  const std::uint64_t next_blocks = slots_.size() * tasks_in(2 * kBlockNanoseconds);
  const std::uint64_t wanted = std::min(idle_threads + next_blocks, kMaxGatheredTasks);
  return wanted - std::min(waiting_tasks_, wanted);
}

Executor::NoRoom FunctionExecutor::start(Chunk& tasks, Time now) {
  tasks_ += tasks.size();
  if (!collect_at_) collect_at_ = now + kCollectEvery;
  {
    const std::lock_guard lock(mutex_);
    waiting_tasks_ += tasks.size();
    waiting_.push_back(std::move(tasks));
    wake_another();
  }
  return {};
}

std::vector<EndedChunk> FunctionExecutor::ended(Time now) {
  std::uint64_t count = 0;
  const bool due = ::read(ended_event_.get(), &count, sizeof count) > 0;
  if (!due && (!collect_at_ || now < *collect_at_)) return {};
  told_ = false;
  std::vector<EndedChunk> all;
  for (auto& slot : slots_) {
    const std::lock_guard lock(slot->mutex);
    flush(*slot);
    std::move(slot->ended.begin(), slot->ended.end(), std::back_inserter(all));
    slot->ended.clear();
  }
  for (const EndedChunk& ended : all) tasks_ -= ended.tasks.size();
  if (!due) help_busy_threads();
  collect_at_ = some_wait() ? std::optional(now + kCollectEvery) : std::nullopt;
  return all;
}

// A call may take much longer than those before it, and others wait behind it.
void FunctionExecutor::help_busy_threads() {
  const std::lock_guard lock(mutex_);
  if (busy_ == slots()) return;
  reclaim_not_begun();
  if (!waiting_.empty()) wake_.notify_one();
}

// Whoever runs the last task that it has taken tells of its end by itself.
bool FunctionExecutor::some_wait() const {
  const std::lock_guard lock(mutex_);
  return !waiting_.empty() || std::any_of(slots_.begin(), slots_.end(), [](const auto& slot) {
    const std::lock_guard slot_lock(slot->mutex);
    return !slot->not_begun.empty();
  });
}

std::vector<Chunk> FunctionExecutor::take_back(const Which& which) {
  const std::lock_guard lock(mutex_);
  reclaim_not_begun();
  std::vector<Chunk> all;
  for (Chunk& tasks : waiting_) {
    if (!which(tasks.origin)) continue;
    tasks_ -= tasks.size();
    waiting_tasks_ -= tasks.size();
    all.push_back(std::exchange(tasks, {}));
  }
  std::erase_if(waiting_, [](const Chunk& tasks) { return tasks.empty(); });
  return all;
}

// A slot whose tasks are brief is free in a moment.
std::uint32_t FunctionExecutor::occupied(const Which& which) const {
  const Time since = now() - kLong;
  return static_cast<std::uint32_t>(
      std::count_if(slots_.begin(), slots_.end(), [&](const auto& slot) {
        const std::lock_guard lock(slot->mutex);
        return slot->origin && slot->begun <= since && which(*slot->origin);
      }));
}

// --- in the threads -----------------------------------------------------------------------------

void FunctionExecutor::run(Slot& slot) {
  while (take_tasks(slot)) {
    const Time begun = now();
    const auto done = static_cast<std::int64_t>(run_tasks(slot));
    {
      const std::lock_guard lock(mutex_);
      --busy_;
      if (done > 0) note_duration((now() - begun) / done);
    }
    tell_of_end();  // after that, for the slot is free, too
  }
}

void FunctionExecutor::note_duration(Time::duration each) {
  const auto latest = std::max(1.0, static_cast<double>(each.count()));
  mean_ = smoothed(mean_, latest, kLatest);
}

// How many tasks a thread does in that time; none as long as that is not known.
std::uint64_t FunctionExecutor::tasks_in(double nanoseconds) const {
  return mean_ ? static_cast<std::uint64_t>(nanoseconds / *mean_) : 0;
}

// False if there are none any more.
bool FunctionExecutor::take_tasks(Slot& slot) {
  std::unique_lock lock(mutex_);
  if (waiting_.empty()) reclaim_not_begun();
  wake_.wait(lock, [this] { return closed_ || !waiting_.empty(); });
  if (closed_) return false;
  const std::uint64_t share = waiting_tasks_ / (busy_ + 1);
  const auto most = std::max<std::uint64_t>(1, std::min(tasks_in(kBlockNanoseconds), share));
  ++busy_;
  {
    const std::lock_guard slot_lock(slot.mutex);
    slot.not_begun = waiting_.front().take_front(most);
    waiting_tasks_ -= slot.not_begun.size();
  }
  if (waiting_.front().empty()) waiting_.pop_front();
  wake_another();
  return true;
}

// For what takes longer than to wake a thread.
void FunctionExecutor::wake_another() {
  const bool worth_it = busy_ == 0 || waiting_tasks_ > tasks_in(kWakingNanoseconds);
  if (worth_it && !waiting_.empty()) wake_.notify_one();
}

// Tasks that turn out to take longer than those before must not wait behind each other while a
// thread is idle.
void FunctionExecutor::reclaim_not_begun() {
  for (auto& slot : slots_) {
    const std::lock_guard lock(slot->mutex);
    if (slot->not_begun.empty()) continue;
    waiting_tasks_ += slot->not_begun.size();
    waiting_.push_front(std::exchange(slot->not_begun, {}));
  }
}

// Returns how many. Between tasks others may take what is not begun, and what has ended.
std::uint64_t FunctionExecutor::run_tasks(Slot& slot) {
  std::uint64_t count = 0;
  Time begun = now();
  std::unique_lock lock(slot.mutex);
  for (; !slot.not_begun.empty(); ++count) {
    const Chunk task = slot.not_begun.take_front(1);
    slot.origin = task.origin;
    slot.begun = begun;
    lock.unlock();
    const Answer answer = call(task);
    const Time ended = now();
    const auto took = static_cast<std::uint64_t>((ended - std::exchange(begun, ended)).count());
    lock.lock();
    gather(slot, task, answer, took);
  }
  slot.origin.reset();
  return count;
}

FunctionExecutor::Answer FunctionExecutor::call(const Chunk& task) const {
  try {
    std::string output =
        task.form() == TextForm::piece ? function_(bytes_of(task.piece())) : function_(task.text());
    if (output.size() > kMaxOutputBytes) return {.failure = "its output is too long"};
    return {.output = std::move(output)};
  } catch (const std::exception& error) {
    return {.failure = std::string(error.what()).substr(0, kMaxLineBytes)};
  } catch (...) {
    return {.failure = "it threw what is no std::exception"};
  }
}

// Together with those before it, if it follows them and all have succeeded.
void FunctionExecutor::gather(Slot& slot, const Chunk& task, const Answer& answer,
                              std::uint64_t took) {
  EndedChunk& gathered = slot.gathered;
  const std::size_t bytes = gathered.tasks.texts().size() + gathered.output.size() +
                            task.texts().size() + answer.output.size();
  const bool full = bytes > kMaxGatheredBytes || gathered.tasks.size() >= kMaxGatheredTasks;
  if (answer.failure || full || !gathered.tasks.is_followed_by(task)) flush(slot);
  if (gathered.tasks.empty()) {
    gathered = {.tasks = task,
                .slot = slot.number,
                .outcome = answer.failure ? Outcome::failed : Outcome::exited,
                .output = answer.output,
                .reason = answer.failure.value_or(""),
                .started = now_utc() - static_cast<std::int64_t>(took)};
  } else {
    if (gathered.tasks.size() == 1) gathered.output = packed(gathered.output);
    append_text(gathered.output, answer.output);
    gathered.tasks.append(task);
  }
  gathered.took.push_back(took);
  if (answer.failure) flush(slot);
}

void FunctionExecutor::flush(Slot& slot) {
  if (!slot.gathered.tasks.empty()) slot.ended.push_back(std::exchange(slot.gathered, {}));
}

void FunctionExecutor::tell_of_end() {
  if (told_.exchange(true)) return;
  const std::uint64_t one = 1;
  (void)!::write(ended_event_.get(), &one, sizeof one);
}

}  // namespace divvy::worker
