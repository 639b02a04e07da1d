#include "sink/rules/live_output.hpp"

#include <algorithm>

namespace divvy::sink {
namespace {

// Those that run, and those that wait for their next attempt; of more the results alone are
// printed.
constexpr std::size_t kMostTasks = 1 << 17;
// Runs of a task in the same attempt: when a worker is lost the next one runs it.
constexpr std::size_t kMostRuns = 8;

std::string_view first_line(std::string_view text) {
  const std::size_t newline = text.find('\n');
  return newline == std::string_view::npos ? text : text.substr(0, newline + 1);
}

std::string_view whole_lines(std::string_view text) {
  return text.substr(0, text.rfind('\n') + 1);  // without a newline none
}

}  // namespace

// --- one output ---------------------------------------------------------------------------------

std::string_view LiveStream::advance(std::string_view text, std::size_t& room) {
  while (!text.empty()) {
    const std::string_view line = first_line(text);
    if (!repeats(line, room)) break;
    bytes_ += line.size();
    text.remove_prefix(line.size());
  }
  bytes_ += text.size();
  for (std::string_view fresh = text; !fresh.empty();) {
    const std::string_view line = first_line(fresh);
    note(line, room);
    fresh.remove_prefix(line.size());
  }
  return text;
}

bool LiveStream::repeats(std::string_view line, std::size_t& room) {
  if (line_ < lines_.size() && lines_[line_] != digest_of(line)) {
    forget_from_here(room);
    return false;
  }
  if (!differs_ && line_ == printed()) return false;
  if (line_ >= lines_.size()) hold_back(line);
  ++line_;
  return true;
}

// Once they are known to differ, all that follows is held back, too.
void LiveStream::hold_back(std::string_view line) {
  if (line_ == lines_.size()) held_from_ = bytes_;
  digest_of_held_.add(line);
  if (line_ + 1 == printed()) differs_ = digest_of_held_.value() != digest_of_more_.value();
}

void LiveStream::forget_from_here(std::size_t& room) {
  room += lines_.size() - line_;
  lines_.resize(line_);
  more_ = 0;
  digest_of_more_ = {};
}

void LiveStream::note(std::string_view line, std::size_t& room) {
  ++line_;
  if (more_ == 0 && room > 0) {
    --room;
    lines_.push_back(digest_of(line));
  } else {
    ++more_;
    digest_of_more_.add(line);
  }
}

void LiveStream::begin_run() {
  bytes_ = 0;
  line_ = 0;
  digest_of_held_ = {};
  differs_ = false;
}

bool LiveStream::holds_back() const {
  return differs_ || (line_ > lines_.size() && line_ < printed());
}

// --- all tasks ----------------------------------------------------------------------------------

std::string_view LiveOutputs::lines_of(WorkerId worker, const Fragment& fragment) {
  Task* const task = run_of(worker, fragment.id, fragment.attempt, fragment.offset == 0);
  if (task == nullptr) return {};
  LiveStream& stream = task->outputs[fragment.errors ? 1 : 0];
  if (fragment.offset > stream.bytes()) return {};  // some were lost, and the result brings them
  const std::uint64_t known = stream.bytes() - fragment.offset;
  const bool joins =
      known < fragment.lines.size() && (known == 0 || fragment.lines[known - 1] == '\n');
  return joins ? stream.advance(fragment.lines.substr(known), room_) : std::string_view();
}

bool LiveOutputs::knows(Range ids) const {
  const auto at = tasks_.lower_bound(ids.first);
  return at != tasks_.end() && ids.contains(at->first);
}

Result LiveOutputs::rest(WorkerId worker, const Result& result) {
  Task& task = tasks_[result.ids.first];
  const bool prints =
      task.attempt == result.attempt && !task.workers.empty() && task.workers.back() == worker;
  if (!prints) begin_run(task, worker);
  Result rest = result;
  rest.output = rest_of(task.outputs[0], result.output);
  rest.errors = rest_of(task.outputs[1], result.errors);
  for (const LiveStream& stream : task.outputs) room_ += stream.digests();
  tasks_.erase(result.ids.first);
  return rest;
}

// A result that has less than was printed is of a task that has printed more than it may.
std::string_view LiveOutputs::rest_of(LiveStream& stream, std::string_view all) {
  if (stream.bytes() > all.size()) return {};
  const std::string_view fresh = stream.advance(all.substr(stream.bytes()), room_);
  return stream.holds_back() ? all.substr(stream.held_from()) : fresh;
}

Result LiveOutputs::rest_of_attempt(WorkerId worker, const Result& result) {
  Result rest = result;
  rest.output = rest.errors = {};
  const bool killed = result.outcome == Outcome::interrupted;
  Task* const task = run_of(worker, result.ids.first, result.attempt, killed);
  if (task == nullptr) return rest;
  const auto lines_left = [&](LiveStream& stream, std::string_view all) {
    const std::string_view lines = killed ? all : whole_lines(all);
    if (stream.bytes() > lines.size()) return std::string_view();
    return stream.advance(lines.substr(stream.bytes()), room_);
  };
  rest.output = lines_left(task->outputs[0], result.output);
  rest.errors = lines_left(task->outputs[1], result.errors);
  return rest;
}

// The run that prints, if it is this one or becomes it: one of a later attempt does, and one at
// another worker when it begins. Two runs that took turns would print everything twice.
LiveOutputs::Task* LiveOutputs::run_of(WorkerId worker, TaskId id, std::uint32_t attempt,
                                       bool from_start) {
  if (tasks_.size() >= kMostTasks && !tasks_.contains(id)) return nullptr;
  Task& task = tasks_[id];
  if (attempt < task.attempt) return nullptr;
  if (attempt > task.attempt) {
    task.attempt = attempt;
    task.workers.clear();
  } else if (!task.workers.empty()) {
    if (task.workers.back() == worker) return &task;
    const bool was_here =
        std::find(task.workers.begin(), task.workers.end(), worker) != task.workers.end();
    if (!from_start || was_here || task.workers.size() >= kMostRuns) return nullptr;
  }
  begin_run(task, worker);
  return &task;
}

void LiveOutputs::begin_run(Task& task, WorkerId worker) {
  task.workers.push_back(worker);
  for (LiveStream& stream : task.outputs) stream.begin_run();
}

}  // namespace divvy::sink
