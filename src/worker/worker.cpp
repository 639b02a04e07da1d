#include "worker/worker.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <numeric>
#include <stdexcept>
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

Worker::Worker(Settings settings, std::vector<Pipeline::Settings> pipelines,
               std::unique_ptr<Executor> executor)
    : settings_(std::move(settings)),
      log_("worker", settings_.verbosity),
      context_(settings_.key),
      executor_(std::move(executor)),
      idleness_(settings_.idle_timeout),
      lifeline_(settings_.lifeline),
      ready_file_(settings_.ready_file) {
  loop_.on_pause([this] { executor_->pause(); }, [this] { executor_->resume(); });
  for (Pipeline::Settings& pipeline : pipelines) expect(std::move(pipeline), pipelines.size() > 1);
}

int Worker::run() {
  while (true) {
    wait();
    admit_found();
    receive();
    collect_ended();
    fill_slots();
    for (const auto& pipeline : pipelines_) {
      pipeline->send_results();
      pipeline->send_live_output();
    }
    const Time time = now();
    for (const auto& pipeline : pipelines_) pipeline->tell_who_is_missing(time);
    leave_if_idle(time);
    ready_file_.update(is_ready());
    if (finished(time)) break;
    send_due_presences(time);
  }
  for (std::size_t i = 0; i < pipelines_.size(); ++i) send_presence(i, now());
  return 0;
}

// --- pipelines -----------------------------------------------------------------------------------

// To look up a name may take long, and must not keep others waiting.
void Worker::expect(Pipeline::Settings pipeline, bool others) {
  if (others && has_names(pipeline.endpoints)) {
    prospects_.emplace_back(std::move(pipeline));
    return;
  }
  try {
    Pipeline::Settings known = pipeline;
    known.endpoints = located(pipeline.endpoints);
    admit(std::move(known));
  } catch (const UnknownHost&) {
    prospects_.emplace_back(std::move(pipeline));
  }
}

void Worker::admit(Pipeline::Settings pipeline) {
  const Endpoints& at = pipeline.endpoints;
  for (const auto* endpoint : {&at.tasks, &at.results, &at.feedback}) {
    require_private(*endpoint, settings_.is_protected);
  }
  for (const auto& other : pipelines_) {
    if (other->endpoints().feedback != at.feedback) continue;
    throw std::invalid_argument(fmt::format("{} is given twice; leave one out", at.feedback));
  }
  pipelines_.push_back(std::make_unique<Pipeline>(context_, std::move(pipeline), *executor_));
  fair_.add();
}

// What is wrong with one is no reason to leave the others.
void Worker::admit_found() {
  const Time time = now();
  std::erase_if(prospects_, [&](Prospect& prospect) {
    try {
      auto found = prospect.found(time, log_);
      if (found) admit(std::move(*found));
      return found.has_value();
    } catch (const std::exception& error) {
      log_.warn_rate_limited(prospect.label(), error.what());
      prospect.ask_again(time);
      return false;
    }
  });
}

void Worker::wait() {
  context_.add_to(loop_);
  for (const auto& pipeline : pipelines_) pipeline->add_to(loop_);
  for (const Prospect& prospect : prospects_) prospect.add_to(loop_);
  if (const auto fd = executor_->fd()) loop_.watch(*fd);
  loop_.wake_at(executor_->deadline());
  loop_.wake_at(fair_.deadline());
  loop_.wake_at(leave_at_);
  loop_.wake_at(idleness_.deadline());
  if (lifeline_) lifeline_->add_to(loop_);
  stop(loop_.wait());
  if (lifeline_ && lifeline_->cut(now())) stop(kAtOnce);
}

void Worker::stop(int times) {
  if (times == 0) return;
  const bool at_once = phase_ != Phase::serving || times > 1;
  const auto all = [](const Origin&) { return true; };
  if (at_once) executor_->ask_to_end(all);
  if (phase_ == Phase::leaving_now || times > 2) executor_->kill(all);
  phase_ = at_once ? Phase::leaving_now : Phase::leaving;
  if (!executor_->can_kill()) loop_.release_signals(at_once);  // the next one ends this process
  prospects_.clear();
  for (const auto& pipeline : pipelines_) pipeline->leave();
  if (!executor_->idle()) log_.debug("finishing what runs (once more: kill it)");
}

// A task that comes and ends between two such looks has left a result that is not settled yet.
void Worker::leave_if_idle(Time now) {
  const bool idle = std::all_of(pipelines_.begin(), pipelines_.end(),
                                [](const auto& pipeline) { return pipeline->idle(); });
  idleness_.update(!idle || !executor_->idle(), now);
  if (phase_ != Phase::serving || !idleness_.too_long(now)) return;
  log_.info("no task for as long as --idle-timeout says: leaving");
  stop(1);
}

// Receives first, then starts tasks: a message may recall a queued task. A flood of messages must
// not keep the worker from its other work, though.
void Worker::receive() {
  context_.authenticate();
  for (const auto& pipeline : pipelines_) pipeline->note_connections();
  bool more = true;
  for (const TimeSlice slice; more && !slice.over();) {
    more = false;
    for (const auto& pipeline : pipelines_) more = pipeline->receive() || more;
  }
}

// --- slots ---------------------------------------------------------------------------------------

// Tasks that have ended at once leave room for others.
std::uint64_t Worker::room() {
  if (const std::uint64_t room = executor_->room(now()); room > 0) return room;
  collect_ended();
  return executor_->room(now());
}

void Worker::fill_slots() {
  for (std::size_t i = 0; i < pipelines_.size(); ++i) {
    if (pipelines_[i]->is_full()) pipelines_[i]->take_back();
    fair_.note(i, pipelines_[i]->tasks(), now());
  }
  while (const std::uint64_t most = room()) {
    const FairSlots::Turn turn = fair_.next(most, executor_->slots_now(), occupied_slots(), now());
    if (!turn.pipeline) return;
    Pipeline& pipeline = *pipelines_[*turn.pipeline];
    Chunk tasks = pipeline.next_tasks(turn.most);
    const auto limit = executor_->start(tasks, now());
    if (limit) pipeline.put_back(std::move(tasks));
    fair_.note(*turn.pipeline, pipeline.tasks(), now());
    if (limit) return tell_shortage(*limit);
  }
}

// Of each pipeline.
std::vector<std::uint32_t> Worker::occupied_slots() const {
  if (pipelines_.size() == 1) return {0};
  std::vector<std::uint32_t> slots;
  for (const auto& pipeline : pipelines_) {
    slots.push_back(executor_->occupied(
        [id = pipeline->id()](const Origin& origin) { return origin.worker == id; }));
  }
  return slots;
}

void Worker::tell_shortage(const std::string& limit) {
  if (std::exchange(shortage_told_, true)) return;
  log_.warn(executor_->idle()
                ? fmt::format("{}: tasks wait until one can be run", limit)
                : fmt::format("{}: running {} at once, not {}", limit,
                              plural(executor_->slots_now(), "task"), executor_->slots()));
}

void Worker::collect_ended() {
  std::uint64_t slept = 0;
  for (const auto& pipeline : pipelines_) slept += pipeline->take_instant();
  for (EndedChunk& ended : executor_->ended(now())) {
    if (ended.outcome == Outcome::slept) slept += ended.tasks.size();
    finish(std::move(ended));
  }
  if (slept == 0 || settings_.verbosity.quiet) return;
  for (; slept > 0; --slept) std::putchar('.');
  std::fflush(stdout);
}

// A task that was killed because the worker leaves has not failed: another worker may run it. Nor
// has one that was told to end when the worker was.
void Worker::finish(EndedChunk ended) {
  const bool interrupted =
      ended.killed ? phase_ == Phase::leaving_now
                   : phase_ != Phase::serving && is_terminated(ended.outcome, ended.status);
  const auto at = std::find_if(pipelines_.begin(), pipelines_.end(), [&](const auto& pipeline) {
    return pipeline->id() == ended.tasks.origin.worker;
  });
  const auto index = static_cast<std::size_t>(at - pipelines_.begin());
  const auto took = std::accumulate(ended.took.begin(), ended.took.end(), std::uint64_t{0});
  fair_.ended(index, ended.tasks.size(), std::chrono::nanoseconds(took), now());
  (*at)->finish(std::move(ended), interrupted);
  fair_.note(index, (*at)->tasks(), now());
}

bool Worker::is_ready() const {
  return phase_ == Phase::serving &&
         std::any_of(pipelines_.begin(), pipelines_.end(),
                     [](const auto& pipeline) { return pipeline->is_ready(); });
}

// When another pipeline has tasks, or none any more, each may have less or more slots.
void Worker::send_due_presences(Time now) {
  const bool changed = fair_.shares_changed(now);
  for (std::size_t i = 0; i < pipelines_.size(); ++i) {
    if (changed) pipelines_[i]->state_anew();
    if (pipelines_[i]->presence_due(now)) send_presence(i, now);
  }
}

void Worker::send_presence(std::size_t pipeline, Time now) {
  pipelines_[pipeline]->send_presence(fair_.share(pipeline, executor_->slots_now()), now);
}

bool Worker::finished(Time now) {
  if (phase_ == Phase::serving || !executor_->idle()) return false;
  const bool all_said = std::all_of(pipelines_.begin(), pipelines_.end(),
                                    [](const auto& pipeline) { return pipeline->all_said(); });
  if (phase_ == Phase::leaving_now || all_said) return true;
  if (!leave_at_) leave_at_ = now + kFarewell;
  return now >= *leave_at_;
}

}  // namespace divvy::worker
