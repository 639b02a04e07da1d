#include "ventilator/intake.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "common/plural.hpp"
#include "common/workload.hpp"

namespace divvy::ventilator {
namespace {

// How far reading goes ahead of what is recorded.
constexpr std::uint64_t kMostTasks = 100'000;

}  // namespace

Intake::Intake(Settings settings, std::string batch_name, Dispatch& dispatch, Log& log)
    : input_(std::move(settings.input)),
      costs_(std::move(settings.costs)),
      longest_first_(settings.longest_first),
      successes_(std::move(settings.successes)),
      journal_(std::move(settings.journal)),
      max_bytes_(settings.max_outstanding_bytes),
      batch_name_(std::move(batch_name)),
      dispatch_(dispatch),
      log_(log) {}

bool Intake::has_room() const {
  return backlog_.tasks() < kMostTasks && backlog_.bytes() < max_bytes_;
}

void Intake::read() {
  input_->read([this](std::string_view text) { take(text); });
  dispatch_.input(last(), ended());
  if (!ended()) return;
  if (const auto remark = input_->remark(); !remark.empty()) log_.info(remark);
}

// What the task is called in its result: of a piece only its name.
std::string_view Intake::name_of(std::string_view text) const {
  if (form() != TextForm::piece) return text;
  const auto piece = parse_piece(text);
  return piece ? piece->name : text;
}

std::string_view Intake::name_of(TaskId id) const {
  Reader packed{slice({id, 1}).texts};
  std::string_view text;
  packed(text);
  return name_of(text);
}

void Intake::take(std::string_view whole) {
  backlog_.append(whole);
  const TaskId id = last();
  const std::string_view text = name_of(whole);
  if (const auto other = check_.read(id, text)) refuse(*other);
  add_cost(text);
  if (dispatch_.is_recorded(id)) return retire({id, 1});
  if (successes_ && successes_->skips(text)) return skip(id);
  if (costs_) expect(id, text);
}

void Intake::skip(TaskId id) {
  dispatch_.skip({id, 1});
  retire({id, 1});
  const bool follows = !skipped_.empty() && skipped_.back().end() == id;
  if (follows) {
    ++skipped_.back().count;
  } else {
    skipped_.push_back({id, 1});
  }
}

void Intake::expect(TaskId id, std::string_view text) {
  if (const auto cost = costs_->of(text)) {
    dispatch_.expect(id, *cost);
    if (longest_first_) dispatch_.rank(id, cost->count());
    return;
  }
  if (!std::exchange(cost_unknown_, true)) {
    log_.info(fmt::format("the cost of task {} is not known: such tasks come last", id));
  }
}

void Intake::add_cost(std::string_view text) {
  if (!expected_msec_) return;
  if (const auto workload = parse_workload(text)) {
    *expected_msec_ += static_cast<std::uint64_t>(workload->count());
  } else {
    expected_msec_.reset();
  }
}

bool Intake::may_start() const {
  const bool checked = last() >= check_.last();
  if (!checked && ended()) {
    refuse(fmt::format("the input has {}, but task {} of batch {} is recorded",
                       plural(last(), "task"), check_.last(), batch_name_));
  }
  return !has_room() || (checked && (!longest_first_ || ended()));
}

void Intake::refuse(Range ids) const {
  const std::string different = differences(journal_, batch_name_, ids, check_.last_read());
  if (!different.empty()) refuse(fmt::format("of batch {} {}", batch_name_, different));
  const auto which = ids.count == 1 ? fmt::format("task {} is", ids.first)
                                    : fmt::format("tasks {} to {} are", ids.first, ids.end() - 1);
  refuse(fmt::format("{} not what is recorded of batch {}", which, batch_name_));
}

void Intake::refuse(const std::string& why) {
  throw std::runtime_error(
      why +
      ": it is another input; give the batch another --name, or the sink another --journal, or "
      "leave --name out and say --resume: what has succeeded is not run again then, wherever it "
      "is");
}

}  // namespace divvy::ventilator
