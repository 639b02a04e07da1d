#include "worker/task_executor.hpp"

#include <algorithm>
#include <utility>

#include "common/clock.hpp"
#include "worker/machine_state.hpp"

namespace divvy::worker {
namespace {

// A text that is too long for its lines to carry it is left to the result.
std::string_view text_for_people(const Chunk& task) {
  const std::string_view text = task.text();
  return text.size() <= kMaxLineBytes ? text : "";
}

}  // namespace

TaskExecutor::TaskExecutor(std::unique_ptr<Runner> runner, std::uint32_t slots,
                           std::uint32_t first_slot, StartDemands demands)
    : runner_(std::move(runner)), slots_(first_slot), capacity_(slots), conditions_(demands) {}

std::uint64_t TaskExecutor::room(Time now) {
  capacity_.grow(now);
  return capacity_.has_room(running_.size()) && !conditions_.is_too_soon(now) ? 1 : 0;
}

Executor::NoRoom TaskExecutor::start(Chunk& tasks, Time now) {
  if (NoRoom lack = what_machine_lacks(now)) {
    capacity_.shrink(running_.size(), now);
    return lack;
  }
  const auto [at, added] = running_.try_emplace(++last_key_, Running{.task = std::move(tasks),
                                                                     .slot = slots_.take(),
                                                                     .started_utc = now_utc(),
                                                                     .started = now});
  const Running& run = at->second;
  NoRoom limit = runner_->start({.key = last_key_,
                                 .text = run.task.text(),
                                 .form = run.task.form(),
                                 .piece = run.task.piece(),
                                 .header = run.task.header(),
                                 .id = run.task.origin.plain ? 0 : run.task.ids.first,
                                 .attempt = run.task.attempt,
                                 .slot = run.slot},
                                now);
  if (!limit) {
    at->second.task.forget_piece();
    conditions_.started(divvy::now());  // to start it takes a moment, too
    return {};
  }
  slots_.free(run.slot);
  tasks = std::move(at->second.task);
  running_.erase(at);
  capacity_.shrink(running_.size(), now);
  return limit;
}

Executor::NoRoom TaskExecutor::what_machine_lacks(Time now) const {
  if (!conditions_.depend_on_machine()) return {};
  const auto young = std::count_if(running_.begin(), running_.end(), [now](const auto& run) {
    return now - run.second.started < StartConditions::kSettled;
  });
  const auto shortfall = conditions_.shortfall(read_machine(), static_cast<std::uint64_t>(young));
  return shortfall ? NoRoom(text_of(*shortfall)) : std::nullopt;
}

std::vector<EndedChunk> TaskExecutor::ended(Time now) {
  conditions_.advance(now);
  std::vector<EndedChunk> all;
  for (Ended& ended : runner_->ended(now)) {
    Running run = std::move(running_.extract(ended.key).mapped());
    slots_.free(run.slot);
    all.push_back({.tasks = std::move(run.task),
                   .slot = run.slot,
                   .outcome = ended.outcome,
                   .status = ended.status,
                   .usage = ended.usage,
                   .output = std::move(ended.output),
                   .errors = std::move(ended.errors),
                   .reason = std::move(ended.reason),
                   .killed = ended.killed,
                   .started = run.started_utc,
                   .took = {static_cast<std::uint64_t>((now - run.started).count())}});
  }
  return all;
}

// `which` must outlive it.
Runner::Which TaskExecutor::executions(const Which& which) const {
  return [this, &which](std::uint64_t key) { return which(running_.at(key).task.origin); };
}

bool TaskExecutor::has_printed(const Which& which) const {
  return runner_->has_printed(executions(which));
}

std::vector<Fragment> TaskExecutor::take_printed(const Which& which, std::size_t most) {
  std::vector<Fragment> fragments;
  for (const PrintedLines& printed : runner_->take_printed(executions(which), most)) {
    const Chunk& task = running_.at(printed.key).task;
    fragments.push_back({.id = task.ids.first,
                         .attempt = task.attempt,
                         .errors = printed.errors,
                         .offset = printed.offset,
                         .text = text_for_people(task),
                         .lines = printed.lines});
  }
  return fragments;
}

std::uint32_t TaskExecutor::occupied(const Which& which) const {
  return static_cast<std::uint32_t>(
      std::count_if(running_.begin(), running_.end(),
                    [&](const auto& run) { return which(run.second.task.origin); }));
}

std::optional<Time> TaskExecutor::deadline() const {
  return earlier(earlier(runner_->deadline(), capacity_.deadline()), conditions_.deadline());
}

std::unordered_set<std::uint64_t> TaskExecutor::keys_of(const Which& which) const {
  std::unordered_set<std::uint64_t> keys;
  for (const auto& [key, run] : running_) {
    if (which(run.task.origin)) keys.insert(key);
  }
  return keys;
}

}  // namespace divvy::worker
