#include "worker/rules/holdings.hpp"

#include <algorithm>
#include <chrono>
#include <cstring>
#include <numeric>
#include <utility>

#include "common/workload.hpp"

namespace divvy::worker {
namespace {

constexpr std::size_t kFrameBytes = 1 << 20;

// The texts are those of the tasks.
Result result_of(const EndedChunk& ended) {
  const std::uint64_t took =
      std::accumulate(ended.took.begin(), ended.took.end(), std::uint64_t{0});
  return {.ids = ended.tasks.ids,
          .attempt = ended.tasks.attempt,
          .attempts = ended.tasks.attempts,
          .slot = ended.slot,
          .outcome = ended.outcome,
          .status = ended.status,
          .started = ended.started,
          .ended = ended.started + static_cast<std::int64_t>(took),
          .took = ended.tasks.size() > 1 ? ended.took : std::vector<std::uint64_t>(),
          .cpu = ended.usage.cpu,
          .max_rss = ended.usage.max_rss,
          .texts = ended.tasks.texts(),
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
  live_ = lane.live;
  note_format(lane);
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
  queued_tasks_ = 0;
  finished_.clear();
  unsent_ = 0;
  kept_bytes_ = 0;
}

// It is the same for all tasks of a batch, which share it.
void Holdings::note_format(const Lane& lane) {
  if (lane.form == TextForm::line && lane.header.empty()) return format_.reset();
  if (format_ && format_->form == lane.form && format_->header == lane.header) return;
  format_ = std::make_shared<const TextFormat>(
      TextFormat{.form = lane.form, .header = std::string(lane.header)});
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
    if (!result.sent) unsent_ -= result.tasks;
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
  queued_tasks_ = 0;
  for (Chunk& tasks : std::exchange(queued_, {})) {
    for (const Range& ids : wanted.common(tasks.ids)) held_.erase(ids);
    const auto kept = wanted.missing(tasks.ids);
    queue(std::move(tasks), kept);
  }
}

void Holdings::give_back_queued() {
  for (const Chunk& tasks : queued_) held_.erase(tasks.ids);
  queued_.clear();
  queued_tasks_ = 0;
}

void Holdings::queue(const Assignment& assignment) {
  // Tasks that are not taken are in none of the presence's lists: so the ventilator knows.
  if (held_.size() + assignment.ids.count > kMaxTasks) return;
  if (format_ && format_->form == TextForm::piece) return queue_pieces(assignment);
  Chunk tasks(origin(), assignment.ids, std::string(assignment.texts));
  tasks.attempt = assignment.attempt;
  tasks.attempts = assignment.attempts;
  tasks.format = format_;
  queue(std::move(tasks), held_.insert(assignment.ids));
}

// Each by itself, for in its result a piece is but a name.
void Holdings::queue_pieces(const Assignment& assignment) {
  Range id{assignment.ids.first, 1};
  for_each_text(assignment.texts, [&](std::string_view text) {
    if (held_.contains(id.first)) {
      ++id.first;
      return;
    }
    Chunk task(origin(), id, {});
    task.attempt = assignment.attempt;
    task.attempts = assignment.attempts;
    task.format = format_;
    task.set_piece(text);
    queued_.push_back(std::move(task));
    ++queued_tasks_;
    held_.insert(id);
    ++id.first;
  });
}

// `which`: of these tasks, in order.
void Holdings::queue(Chunk tasks, const std::vector<Range>& which) {
  for (const Range& ids : which) {
    tasks.take_front(ids.first - tasks.ids.first);
    queued_.push_back(tasks.take_front(ids.count));
    queued_tasks_ += ids.count;
  }
}

Chunk Holdings::take_next(std::uint64_t most) {
  Chunk tasks;
  while (!queued_.empty() && tasks.size() < most) {
    Chunk& next = queued_.front();
    if (tasks.empty()) {
      tasks = next.take_front(most);
    } else if (tasks.is_followed_by(next)) {
      tasks.append(next.take_front(most - tasks.size()));
    } else {
      break;
    }
    if (next.empty()) queued_.pop_front();
  }
  queued_tasks_ -= tasks.size();
  if (!tasks.empty()) running_.insert(tasks.ids);
  return tasks;
}

void Holdings::finish(const EndedChunk& ended) {
  if (ended.tasks.origin != origin()) return;
  running_.erase(ended.tasks.ids);
  keep(result_of(ended), RangeSet({ended.tasks.ids}));
}

void Holdings::interrupt(EndedChunk ended) {
  if (ended.tasks.origin != origin()) return;
  running_.erase(ended.tasks.ids);
  held_.erase(ended.tasks.ids);
  ended.outcome = Outcome::interrupted;
  ended.status = 0;
  keep(result_of(ended), {});
}

void Holdings::put_back(Chunk tasks) {
  if (tasks.origin != origin()) return;
  running_.erase(tasks.ids);
  queued_tasks_ += tasks.size();
  queued_.push_front(std::move(tasks));
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
  constexpr std::size_t other_fields = 128;
  encoded.reserve(result.took.size() * sizeof(std::uint64_t) + result.texts.size() +
                  result.output.size() + result.errors.size() + other_fields);
  Writer writer{encoded};
  Result::fields(result, writer);
  kept_bytes_ += encoded.size();
  finished_.push_back({.unsettled = std::move(unsettled),
                       .tasks = result.ids.count,
                       .attempt = result.attempt,
                       .encoded = std::move(encoded)});
  unsent_ += result.ids.count;
}

// Encodes a message without results, then adds them, which are encoded already, and their number.
std::optional<std::string> Holdings::next_results(std::string_view worker_name) {
  if (unsent_ == 0) return {};
  std::string frame = encode(Results{.worker = self_, .name = worker_name, .batch = batch_});
  const std::size_t begin = frame.size();
  frame.reserve(begin + std::min<std::uint64_t>(kFrameBytes, kept_bytes_));
  std::uint32_t count = 0;
  for (Finished& result : finished_) {
    if (result.sent) continue;
    if (count > 0 && frame.size() - begin + result.encoded.size() > kFrameBytes) break;
    frame += result.encoded;
    result.sent = true;
    ++count;
    unsent_ -= result.tasks;
  }
  std::memcpy(frame.data() + begin - sizeof count, &count, sizeof count);
  std::erase_if(finished_, [&](const Finished& result) {
    if (!result.sent || !result.unsettled.empty()) return false;
    kept_bytes_ -= result.encoded.size();
    return true;
  });
  return frame;
}

void Holdings::resend_all() {
  unsent_ = 0;
  for (Finished& result : finished_) {
    result.sent = false;
    unsent_ += result.tasks;
  }
}

Presence Holdings::presence(std::string_view name, std::string_view inbox,
                            std::uint32_t slots) const {
  RangeSet queued;
  for (const Chunk& tasks : queued_) queued.insert(tasks.ids);
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
