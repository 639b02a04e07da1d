#include "worker/holdings.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "divvy/workload.hpp"

namespace divvy::worker {
namespace {

constexpr std::size_t kFrameBytes = 1 << 20;

bool takes_no_time(std::string_view texts) {
  bool none = true;
  for_each_text(texts, [&](std::string_view text) {
    none = none && parse_workload(text) == std::chrono::milliseconds(0);
  });
  return none;
}

}  // namespace

Holdings::Heard Holdings::hear(const Lane& lane, std::int64_t now) {
  if (!following_.hear(lane)) return Heard::ignored;
  if (lane.batch != batch_) change_batch(lane.batch);
  settle(lane.settled);
  give_back(lane.recalled);
  for (const TaskRun& run : lane.tasks) {
    const bool news = held_.common(run.ids).empty();
    if (news && sleeps_ && takes_no_time(run.texts)) {
      pass(run, now);
    } else {
      queue(run);
    }
  }
  const bool greeting = lane.settled.empty() && lane.tasks.empty();
  return greeting || !lane.recalled.empty() ? Heard::asked : Heard::taken;
}

void Holdings::change_batch(BatchId batch) {
  batch_ = batch;
  held_ = {};
  running_ = {};
  queued_.clear();
  finished_.clear();
  unsent_ = 0;
  kept_bytes_ = 0;
}

void Holdings::settle(const std::vector<Settled>& settled) {
  if (settled.empty()) return;
  std::erase_if(finished_, [&](Finished& result) {
    for (const Settled& one : settled) {
      if (one.attempt == result.attempt || one.attempt == kAnyAttempt) settle(result, one.ids);
    }
    if (!result.unsettled.empty()) return false;
    kept_bytes_ -= result.encoded.size();
    if (!result.sent) --unsent_;
    return true;
  });
}

void Holdings::settle(Finished& result, Range ids) {
  for (const Range& part : result.unsettled.common(ids)) held_.erase(part);
  result.unsettled.erase(ids);
}

void Holdings::give_back(const std::vector<Range>& recalled) {
  if (recalled.empty()) return;
  const RangeSet wanted(recalled);
  std::erase_if(queued_, [&](const Task& task) {
    if (!wanted.contains(task.id)) return false;
    held_.erase({task.id, 1});
    return true;
  });
}

void Holdings::give_up(const Task& task) {
  if (task.batch != batch_) return;
  running_.erase({task.id, 1});
  held_.erase({task.id, 1});
}

void Holdings::give_back_queued() {
  for (const Task& task : queued_) held_.erase({task.id, 1});
  queued_.clear();
}

void Holdings::queue(const TaskRun& run) {
  // What we do not take is in none of our lists, so the ventilator knows.
  if (held_.size() + run.ids.count > kMaxTasks) return;
  TaskId id = run.ids.first;
  const bool known = !held_.common(run.ids).empty();
  for_each_text(run.texts, [&](std::string_view text) {
    const TaskId next = id++;
    if (known && held_.contains(next)) return;
    queued_.push_back({batch_, next, run.attempt, run.attempts, std::string(text)});
  });
  held_.insert(run.ids);
}

std::optional<Task> Holdings::start() {
  if (queued_.empty()) return {};
  Task task = std::move(queued_.front());
  queued_.pop_front();
  running_.insert({task.id, 1});
  return task;
}

void Holdings::finish(const Task& task, Result result) {
  if (task.batch != batch_) return;
  running_.erase({task.id, 1});
  result.attempt = task.attempt;
  result.attempts = task.attempts;
  result.ids = {task.id, 1};
  std::string text;
  append_text(text, task.text);
  result.texts = text;
  keep(result);
}

// All of a run in one result: a million a second would be few, one by one.
void Holdings::pass(const TaskRun& run, std::int64_t now) {
  held_.insert(run.ids);
  keep({run.ids, run.attempt, run.attempts, Outcome::slept, 0, now, now, run.texts, {}, {}, {}});
  passed_ += run.ids.count;
}

void Holdings::keep(const Result& result) {
  std::string encoded;
  Writer writer{encoded};
  Result::fields(result, writer);
  kept_bytes_ += encoded.size();
  finished_.push_back({RangeSet({result.ids}), result.attempt, std::move(encoded)});
  ++unsent_;
}

std::optional<std::string> Holdings::next_results(std::string_view name) {
  if (unsent_ == 0) return {};
  ResultsOf<EncodedResult> results{self_, name, batch_, {}};
  std::size_t bytes = 0;
  for (Finished& result : finished_) {
    if (result.sent) continue;
    if (bytes > 0 && bytes + result.encoded.size() > kFrameBytes) break;
    bytes += result.encoded.size();
    results.results.push_back({result.encoded});
    result.sent = true;
    --unsent_;
  }
  return encode(results);
}

void Holdings::unsend() {
  for (Finished& result : finished_) result.sent = false;
  unsent_ = finished_.size();
}

void Holdings::describe(Presence& presence) const {
  following_.describe(presence);
  presence.batch = batch_;
  presence.running = running_.ranges();
  RangeSet queued;
  for (const Task& task : queued_) queued.insert({task.id, 1});
  presence.queued = queued.ranges();
  RangeSet finished;
  for (const Finished& result : finished_) {
    for (const Range& ids : result.unsettled.ranges()) finished.insert(ids);
  }
  presence.finished = finished.ranges();
}

}  // namespace divvy::worker
