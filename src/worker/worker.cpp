#include "worker/worker.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <utility>

#include "common/clock.hpp"
#include "common/plural.hpp"
#include "common/process_name.hpp"
#include "common/random_id.hpp"
#include "worker/rules/execution.hpp"

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

// How long a worker that leaves waits for its last results to be recorded: a sink may be
// restarting.
constexpr auto kFarewell = 10s;
// So many stops do not wait for what runs.
constexpr int kAtOnce = 2;

// Whether process ids are a container's. The kernel gives those of the whole machine this number.
bool has_pids_of_its_own() {
  constexpr std::string_view machine = "pid:[4026531836]";
  std::array<char, 64> target{};
  const ssize_t size = ::readlink("/proc/self/ns/pid", target.data(), target.size());
  return size > 0 && std::string_view(target.data(), static_cast<std::size_t>(size)) != machine;
}

}  // namespace

std::string default_name() {
  const std::string name = process_name();
  return has_pids_of_its_own() ? fmt::format("{}-{:08x}", name, random_id() >> 32) : name;
}

Worker::Worker(Settings settings, Pipeline::Settings pipeline, std::unique_ptr<Executor> executor)
    : verbosity_(pipeline.verbosity),
      log_("worker", verbosity_),
      context_(settings.key),
      executor_(std::move(executor)),
      pipeline_(context_, std::move(pipeline), *executor_),
      idleness_(settings.idle_timeout),
      lifeline_(settings.lifeline),
      ready_file_(std::move(settings.ready_file)) {
  loop_.on_pause([this] { executor_->pause(); }, [this] { executor_->resume(); });
}

int Worker::run() {
  while (true) {
    wait();
    receive();
    collect_ended();
    fill_slots();
    pipeline_.send_results();
    pipeline_.send_live_output();
    const Time time = now();
    pipeline_.tell_who_is_missing(time);
    leave_if_idle(time);
    ready_file_.update(phase_ == Phase::serving && pipeline_.is_ready());
    if (finished(time)) break;
    if (pipeline_.presence_due(time)) send_presence(time);
  }
  send_presence(now());
  return 0;
}

void Worker::wait() {
  context_.add_to(loop_);
  pipeline_.add_to(loop_);
  if (const auto fd = executor_->fd()) loop_.watch(*fd);
  loop_.wake_at(executor_->deadline());
  loop_.wake_at(leave_at_);
  loop_.wake_at(idleness_.deadline());
  if (lifeline_) lifeline_->add_to(loop_);
  stop(loop_.wait());
  if (lifeline_ && lifeline_->cut(now())) stop(kAtOnce);
}

void Worker::stop(int times) {
  if (times == 0) return;
  const bool at_once = phase_ != Phase::serving || times > 1;
  const auto all = [](const Chunk&) { return true; };
  if (at_once) executor_->ask_to_end(all);
  if (phase_ == Phase::leaving_now || times > 2) executor_->kill(all);
  phase_ = at_once ? Phase::leaving_now : Phase::leaving;
  if (!executor_->can_kill()) loop_.release_signals(at_once);  // the next one ends this process
  pipeline_.leave();
  if (!executor_->idle()) log_.debug("finishing what runs (once more: kill it)");
}

// A task that comes and ends between two such looks has left a result that is not settled yet.
void Worker::leave_if_idle(Time now) {
  idleness_.update(!executor_->idle() || pipeline_.has_tasks() || !pipeline_.all_said(), now);
  if (phase_ != Phase::serving || !idleness_.too_long(now)) return;
  log_.info("no task for as long as --idle-timeout says: leaving");
  stop(1);
}

// Receives first, then starts tasks: a message may recall a queued task. A flood of messages must
// not keep the worker from its other work, though.
void Worker::receive() {
  context_.authenticate();
  pipeline_.note_connections();
  for (const TimeSlice slice; !slice.over();) {
    if (!pipeline_.receive()) return;
  }
}

// Tasks that have ended at once leave room for others.
std::uint64_t Worker::room() {
  if (pipeline_.is_full()) {
    pipeline_.take_back();
    return 0;
  }
  if (const std::uint64_t room = executor_->room(now()); room > 0) return room;
  collect_ended();
  return executor_->room(now());
}

void Worker::fill_slots() {
  while (const std::uint64_t most = room()) {
    Chunk tasks = pipeline_.next_tasks(most);
    if (tasks.empty()) return;
    if (const auto limit = executor_->start(tasks, now())) {
      pipeline_.put_back(std::move(tasks));
      return tell_shortage(*limit);
    }
  }
}

void Worker::tell_shortage(const std::string& limit) {
  if (std::exchange(shortage_told_, true)) return;
  log_.warn(executor_->idle() ? fmt::format("{}: tasks wait until one can be run", limit)
                              : fmt::format("{}: running {} at once, not {}", limit,
                                            plural(executor_->slots_for(pipeline_.batch()), "task"),
                                            executor_->slots()));
}

void Worker::collect_ended() {
  std::uint64_t slept = pipeline_.take_instant();
  for (EndedChunk& ended : executor_->ended(now())) {
    if (ended.outcome == Outcome::slept) slept += ended.tasks.size();
    finish(std::move(ended));
  }
  if (slept == 0 || verbosity_.quiet) return;
  for (; slept > 0; --slept) std::putchar('.');
  std::fflush(stdout);
}

// A task that was killed because the worker leaves has not failed: another worker may run it.
void Worker::finish(EndedChunk ended) {
  // Nor has one that was told to end when the worker was.
  const bool interrupted =
      ended.killed ? phase_ == Phase::leaving_now
                   : phase_ != Phase::serving && is_terminated(ended.outcome, ended.status);
  pipeline_.finish(std::move(ended), interrupted);
}

void Worker::send_presence(Time now) { pipeline_.send_presence(offered_slots(), now); }

// At least 1: 0 means that it leaves.
std::uint32_t Worker::offered_slots() const {
  return phase_ == Phase::serving ? std::max(1U, executor_->slots_for(pipeline_.batch())) : 0;
}

bool Worker::finished(Time now) {
  if (phase_ == Phase::serving || !executor_->idle()) return false;
  if (phase_ == Phase::leaving_now || pipeline_.all_said()) return true;
  if (!leave_at_) leave_at_ = now + kFarewell;
  return now >= *leave_at_;
}

}  // namespace divvy::worker
