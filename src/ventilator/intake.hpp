// Tasks on their way in: read as far ahead as there is room, checked, and kept until they are
// recorded.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/log.hpp"
#include "ventilator/costs.hpp"
#include "ventilator/input.hpp"
#include "ventilator/recorded_texts.hpp"
#include "ventilator/rules/backlog.hpp"
#include "ventilator/rules/dispatch.hpp"
#include "ventilator/rules/input_check.hpp"

namespace divvy::ventilator {

class Intake {
 public:
  struct Settings {
    std::unique_ptr<Input> input{};
    std::optional<Costs> costs{};
    bool longest_first = false;               // by these costs
    std::optional<Successes> successes{};     // what has succeeded already is skipped
    std::string journal{};                    // that knows the batch, if it is known
    std::uint64_t max_outstanding_bytes = 0;  // no more is read ahead
  };

  /// What is read goes to `dispatch`, which must outlive it, as must `log`.
  Intake(Settings settings, std::string batch_name, Dispatch& dispatch, Log& log);

  /// What is recorded: the texts of `ids` have this digest.
  void expect(Range ids, std::uint64_t digest) { check_.expect(ids, digest); }

  [[nodiscard]] bool has_room() const;
  /// Whether tasks can be read now, or else what is readable then; nothing: they always can.
  [[nodiscard]] bool ready() const { return input_->ready(); }
  [[nodiscard]] std::optional<int> fd() const { return input_->fd(); }
  /// What the tasks' texts are.
  [[nodiscard]] TextForm form() const { return input_->form(); }
  [[nodiscard]] bool waits_for_user() const { return input_->waits_for_user(); }
  /// To be called when ready(). Throws std::runtime_error with a line for the user if the input
  /// cannot be read, or is not the one that the batch began with.
  void read();
  [[nodiscard]] bool ended() const { return input_->ended(); }
  /// Names the tasks' columns, in a text as theirs; empty: nothing does.
  [[nodiscard]] std::string_view header() const { return input_->header(); }
  /// Tasks that were skipped since the last call.
  [[nodiscard]] std::vector<Range> take_skipped() { return std::exchange(skipped_, {}); }
  /// Of which texts; none if none are to be skipped.
  [[nodiscard]] const std::optional<Successes>& successes() const { return successes_; }
  /// The number of tasks so far, which is the last one's id.
  [[nodiscard]] TaskId last() const { return backlog_.last(); }
  /// Whether all that is recorded was compared, or as much as there is room for, and which tasks
  /// are the longest is known as far. Throws as read() does.
  [[nodiscard]] bool may_start() const;

  [[nodiscard]] Backlog::Slice slice(Range ids) const { return backlog_.slice(ids); }
  /// What the task is called in its result, which is not recorded yet.
  [[nodiscard]] std::string_view name_of(TaskId id) const;
  /// They are recorded.
  void retire(Range ids) { backlog_.retire(ids); }

  /// Milliseconds of work so far; nothing once a task is no workload.
  [[nodiscard]] std::optional<std::uint64_t> expected_msec() const { return expected_msec_; }
  /// Tasks are no workloads, even where they are numbers.
  void add_no_costs() { expected_msec_.reset(); }

 private:
  void take(std::string_view whole);
  [[nodiscard]] std::string_view name_of(std::string_view text) const;
  void skip(TaskId id);
  void expect(TaskId id, std::string_view text);
  void add_cost(std::string_view text);
  [[noreturn]] void refuse(Range ids) const;
  [[noreturn]] static void refuse(const std::string& why);

  std::unique_ptr<Input> input_;
  std::optional<Costs> costs_;
  bool longest_first_;
  std::optional<Successes> successes_;
  std::string journal_;
  std::uint64_t max_bytes_;
  std::string batch_name_;
  Dispatch& dispatch_;
  Log& log_;
  Backlog backlog_;
  InputCheck check_;
  std::vector<Range> skipped_;
  std::optional<std::uint64_t> expected_msec_ = 0;
  bool cost_unknown_ = false;  // of some task that is to be ranked
};

}  // namespace divvy::ventilator
