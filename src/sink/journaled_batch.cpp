#include "sink/journaled_batch.hpp"

#include <utility>

#include "common/digest.hpp"

namespace divvy::sink {

// --- the batch itself ---------------------------------------------------------------------------

JournaledBatch::Begun JournaledBatch::begin(std::string_view name, std::string_view holder) {
  Statement row =
      journal_.prepare("SELECT holder, command, retrying, retried_rows FROM batch WHERE id = ?1");
  if (!journal_.take(batch_)) {
    row << key(batch_);
    return {.held_by = row.step() ? std::string(row.text(0)) : "another sink"};
  }
  Statement add = journal_.prepare("INSERT OR IGNORE INTO batch (id, name) VALUES (?1, ?2)");
  (add << key(batch_) << name).step();
  const bool before = journal_.changes() == 0;
  hold(holder);
  (row << key(batch_)).step();
  command_ = row.text(1);
  retrying_ = static_cast<VentilatorId>(row.integer(2));
  retried_rows_ = row.integer(3);
  return {.before = before};
}

void JournaledBatch::hold(std::string_view holder) {
  Statement update = journal_.prepare("UPDATE batch SET holder = ?2 WHERE id = ?1");
  (update << key(batch_) << holder).step();
}

void JournaledBatch::end(const Figures& figures) {
  if (figures.complete && batch_changed_) write_batch();
  if (figures.complete || recorded_something_) write_counts(figures);
  Statement end = journal_.prepare(
      "UPDATE batch SET holder = '', finished = iif(?2, (julianday('now') - 2440587.5) * 86400.0, "
      "finished) WHERE id = ?1");
  (end << key(batch_) << std::int64_t{recorded_something_}).step();
  journal_.give_back(batch_);
}

void JournaledBatch::write_counts(const Figures& figures) {
  Statement update = journal_.prepare(
      "UPDATE batch SET tasks = ?2, succeeded = ?3, failed = ?4, skipped = ?5 WHERE id = ?1");
  (update << key(batch_) << number(figures.known_tasks())
          << number(figures.recorded - figures.failed - figures.skipped) << number(figures.failed)
          << number(figures.skipped))
      .step();
}

void JournaledBatch::forget_failed(VentilatorId ventilator) {
  forgets_ = true;
  if (std::exchange(retrying_, ventilator) == ventilator) return;
  Statement last = journal_.prepare("SELECT max(id) FROM execution");
  last.step();
  retried_rows_ = last.integer(0);
  batch_changed_ = true;
}

void JournaledBatch::set_command(std::string_view command) {
  if (command.empty() || command == command_) return;
  command_ = command;
  batch_changed_ = true;
}

// Together with a result: a command that is refused has none, and leaves the journal as it was.
void JournaledBatch::write_batch() {
  Statement update = journal_.prepare(
      "UPDATE batch SET command = ?2, retrying = ?3, retried_rows = ?4 WHERE id = ?1");
  (update << key(batch_) << command_ << static_cast<std::int64_t>(retrying_) << retried_rows_)
      .step();
  batch_changed_ = false;
}

// --- what is recorded ---------------------------------------------------------------------------

void JournaledBatch::replay(const std::function<void(Range ids, bool succeeded)>& visit) {
  Statement rows = journal_.prepare(
      "SELECT task, success FROM recorded_task "
      "WHERE batch = ?1 AND (success OR execution > ?2) ORDER BY task");
  rows << key(batch_) << (forgets_ ? retried_rows_ : 0);
  Range run{.count = 0};
  bool succeeded = false;
  while (rows.step()) {
    const auto task = static_cast<TaskId>(rows.integer(0));
    const bool success = rows.integer(1) != 0;
    if (run.count > 0 && (run.end() != task || succeeded != success)) {
      visit(run, succeeded);
      run.count = 0;
    }
    if (run.count == 0) run.first = task;
    ++run.count;
    succeeded = success;
  }
  if (run.count > 0) visit(run, succeeded);
}

RecordedPart JournaledBatch::recorded_from(TaskId from, const std::function<bool(TaskId)>& counts) {
  constexpr std::uint64_t piece = 256;
  Statement rows = journal_.prepare(
      "SELECT task, success, text FROM recorded_task "
      "WHERE batch = ?1 AND task >= ?2 ORDER BY task");
  rows << key(batch_) << number(from);
  RecordedPart part;
  auto& receipts = part.receipts;
  Digest digest;
  while (rows.step()) {
    const auto task = static_cast<TaskId>(rows.integer(0));
    Verdict verdict = Verdict::succeeded;
    if (rows.integer(1) == 0) verdict = counts(task) ? Verdict::failed : Verdict::retry;
    const bool joins = !receipts.empty() && receipts.back().ids.end() == task &&
                       receipts.back().verdict == verdict && receipts.back().ids.count < piece;
    if (joins) {
      ++receipts.back().ids.count;
    } else if (receipts.size() == kReceiptsInPart) {
      part.next = task;
      break;
    } else {
      receipts.push_back({.ids = {task, 1}, .attempt = kAnyAttempt, .verdict = verdict});
      digest = {};
    }
    digest.add_text(rows.text(2));
    receipts.back().digest = digest.value();
  }
  return part;
}

void JournaledBatch::record(std::string_view worker, const Result& result) {
  begin_transaction();
  recorded_something_ = true;
  if (forgets_) journal_.supersede(batch_, result.ids);
  journal_.record(batch_, worker, result);
}

void JournaledBatch::keep(std::string_view worker, const Result& result) {
  begin_transaction();
  journal_.keep(batch_, worker, result);
}

void JournaledBatch::begin_transaction() {
  journal_.begin_transaction();
  if (batch_changed_) write_batch();
}

}  // namespace divvy::sink
