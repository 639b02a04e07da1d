#include "worker/task_executor.hpp"

#include <algorithm>
#include <utility>

#include "common/clock.hpp"

namespace divvy::worker {

TaskExecutor::TaskExecutor(std::unique_ptr<Runner> runner, std::uint32_t slots,
                           std::uint32_t first_slot)
    : runner_(std::move(runner)), slots_(first_slot), capacity_(slots) {}

std::uint64_t TaskExecutor::room(Time now) {
  capacity_.grow(now);
  return capacity_.has_room(running_.size()) ? 1 : 0;
}

Executor::NoRoom TaskExecutor::start(Chunk& tasks, Time now) {
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
                                 .id = run.task.plain ? 0 : run.task.ids.first,
                                 .attempt = run.task.attempt,
                                 .slot = run.slot},
                                now);
  if (!limit) {
    at->second.task.forget_piece();
    return {};
  }
  slots_.free(run.slot);
  tasks = std::move(at->second.task);
  running_.erase(at);
  capacity_.shrink(running_.size(), now);
  return limit;
}

std::vector<EndedChunk> TaskExecutor::ended(Time now) {
  std::vector<EndedChunk> all;
  for (Ended& ended : runner_->ended(now)) {
    Running run = std::move(running_.extract(ended.key).mapped());
    slots_.free(run.slot);
    all.push_back({.tasks = std::move(run.task),
                   .slot = run.slot,
                   .outcome = ended.outcome,
                   .status = ended.status,
                   .output = std::move(ended.output),
                   .errors = std::move(ended.errors),
                   .reason = std::move(ended.reason),
                   .killed = ended.killed,
                   .started = run.started_utc,
                   .took = {static_cast<std::uint64_t>((now - run.started).count())}});
  }
  return all;
}

std::uint32_t TaskExecutor::slots_for(BatchId batch) const {
  const auto is_foreign = [batch](const auto& run) { return !run.second.task.is_of(batch); };
  const auto foreign = std::count_if(running_.begin(), running_.end(), is_foreign);
  const std::uint32_t slots = capacity_.slots();
  return slots - std::min(static_cast<std::uint32_t>(foreign), slots);
}

std::optional<Time> TaskExecutor::deadline() const {
  return earlier(runner_->deadline(), capacity_.deadline());
}

std::unordered_set<std::uint64_t> TaskExecutor::keys_of(const Which& which) const {
  std::unordered_set<std::uint64_t> keys;
  for (const auto& [key, run] : running_) {
    if (which(run.task)) keys.insert(key);
  }
  return keys;
}

}  // namespace divvy::worker
