#include "worker/rules/holdings.hpp"

#include <chrono>

#include "common/workload.hpp"

namespace divvy::worker {
namespace {

constexpr std::size_t kFrameBytes = 1 << 20;

Result result_of(const Task& task, const Ended& ended, const Holdings::Ran& ran,
                 std::string_view texts) {
  return {.ids = {task.id, 1},
          .attempt = task.attempt,
          .attempts = task.attempts,
          .slot = ran.slot,
          .outcome = ended.outcome,
          .status = ended.status,
          .started = ran.started,
          .ended = ran.started + ran.took.count(),
          .texts = texts,
          .output = ended.output,
          .errors = ended.errors,
          .reason = ended.reason};
}

bool take_no_time(std::string_view texts) {
  bool none = true;
  for_each_text(texts, [&](std::string_view text) {
    none = none && parse_workload(text) == std::chrono::milliseconds(0);
  });
  return none;
}

}  // namespace

Holdings::Received Holdings::receive(const Lane& lane, std::int64_t now) {
  if (!filter_.accept(lane)) return Received::dropped;
  if (lane.batch != batch_) change_batch(lane.batch);
  settle(lane.settled);
  give_back_recalled(lane.recalled);
  for (const Assignment& assignment : lane.tasks) {
    const bool is_new = held_.common(assignment.ids).empty();
    if (is_new && workloads_ && take_no_time(assignment.texts)) {
      finish_instantly(assignment, now);
    } else {
      queue(assignment);
    }
  }
  const bool empty = lane.settled.empty() && lane.tasks.empty();
  return empty || !lane.recalled.empty() ? Received::asked : Received::accepted;
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
    if (result.unsettled.empty()) return false;
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

void Holdings::give_back_recalled(const std::vector<Range>& recalled) {
  if (recalled.empty()) return;
  const RangeSet wanted(recalled);
  std::erase_if(queued_, [&](const Task& task) {
    if (!wanted.contains(task.id)) return false;
    held_.erase({task.id, 1});
    return true;
  });
}

void Holdings::give_back(const Task& task) {
  running_.erase({task.id, 1});
  held_.erase({task.id, 1});
}

void Holdings::give_back_queued() {
  for (const Task& task : queued_) held_.erase({task.id, 1});
  queued_.clear();
}

void Holdings::queue(const Assignment& assignment) {
  // Tasks that are not taken are in none of the presence's lists: so the ventilator knows.
  if (held_.size() + assignment.ids.count > kMaxTasks) return;
  TaskId id = assignment.ids.first;
  const bool some_held = !held_.common(assignment.ids).empty();
  for_each_text(assignment.texts, [&](std::string_view text) {
    const TaskId next = id++;
    if (some_held && held_.contains(next)) return;
    queued_.push_back({.batch = batch_,
                       .id = next,
                       .attempt = assignment.attempt,
                       .attempts = assignment.attempts,
                       .text = std::string(text)});
  });
  held_.insert(assignment.ids);
}

std::optional<Task> Holdings::take_next() {
  if (queued_.empty()) return {};
  Task task = std::move(queued_.front());
  queued_.pop_front();
  running_.insert({task.id, 1});
  return task;
}

void Holdings::finish(const Task& task, const Ended& ended, Ran ran) {
  if (task.batch != batch_) return;
  running_.erase({task.id, 1});
  std::string text;
  append_text(text, task.text);
  const Result result = result_of(task, ended, ran, text);
  keep(result, RangeSet({result.ids}));
}

void Holdings::interrupt(const Task& task, Ended ended, Ran ran) {
  if (task.batch != batch_) return;
  give_back(task);
  ended.outcome = Outcome::interrupted;
  ended.status = 0;
  std::string text;
  append_text(text, task.text);
  keep(result_of(task, ended, ran, text), {});
}

void Holdings::put_back(Task task) {
  if (task.batch != batch_) return;
  running_.erase({task.id, 1});
  queued_.push_front(std::move(task));
}

// One result for the assignment: a result for each task costs more than the task.
void Holdings::finish_instantly(const Assignment& assignment, std::int64_t now) {
  held_.insert(assignment.ids);
  keep({.ids = assignment.ids,
        .attempt = assignment.attempt,
        .attempts = assignment.attempts,
        .outcome = Outcome::slept,
        .started = now,
        .ended = now,
        .texts = assignment.texts},
       RangeSet({assignment.ids}));
  instant_ += assignment.ids.count;
}

void Holdings::keep(const Result& result, RangeSet unsettled) {
  std::string encoded;
  Writer writer{encoded};
  Result::fields(result, writer);
  kept_bytes_ += encoded.size();
  finished_.push_back({.unsettled = std::move(unsettled),
                       .attempt = result.attempt,
                       .encoded = std::move(encoded)});
  ++unsent_;
}

std::optional<std::string> Holdings::next_results(std::string_view worker_name) {
  if (unsent_ == 0) return {};
  std::string encoded;
  std::uint32_t count = 0;
  for (Finished& result : finished_) {
    if (result.sent) continue;
    if (count > 0 && encoded.size() + result.encoded.size() > kFrameBytes) break;
    encoded += result.encoded;
    result.sent = true;
    ++count;
    --unsent_;
  }
  std::erase_if(finished_, [&](const Finished& result) {
    if (!result.sent || !result.unsettled.empty()) return false;
    kept_bytes_ -= result.encoded.size();
    return true;
  });
  // Encodes a message without results, then puts in their number and the results, which are encoded
  // already.
  std::string frame = encode(Results{.worker = self_, .name = worker_name, .batch = batch_});
  frame.resize(frame.size() - sizeof count);
  Writer{frame}(count);
  return frame + encoded;
}

void Holdings::resend_all() {
  for (Finished& result : finished_) result.sent = false;
  unsent_ = finished_.size();
}

Presence Holdings::presence(std::string_view name, std::string_view inbox,
                            std::uint32_t slots) const {
  RangeSet queued;
  for (const Task& task : queued_) queued.insert({task.id, 1});
  RangeSet finished;
  for (const Finished& result : finished_) {
    for (const Range& ids : result.unsettled.ranges()) finished.insert(ids);
  }
  return {.worker = self_,
          .name = name,
          .inbox = inbox,
          .slots = slots,
          .workloads = workloads_,
          .ventilator = filter_.ventilator(),
          .sequence = filter_.sequence(),
          .batch = batch_,
          .running = running_.ranges(),
          .queued = queued.ranges(),
          .finished = finished.ranges()};
}

}  // namespace divvy::worker
