#include "sink/journal.hpp"

#include <cstddef>
#include <utility>

#include "common/digest.hpp"
#include "sink/journal_layout.hpp"
#include "sink/outcome_name.hpp"

namespace divvy::sink {
namespace {

// So many tasks are written by one statement: that costs half as much.
constexpr std::size_t kTogether = 20;

constexpr const char* kInsertExecution = R"(
  INSERT INTO execution (worker, attempt, outcome, status, stderr, reason, slot, cpu, max_rss)
  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9))";

constexpr const char* kSupersede = R"(
  INSERT OR IGNORE INTO superseded
  SELECT * FROM result WHERE batch = ?1 AND task BETWEEN ?2 AND ?3)";

// The result itself may come a second time, and so may an attempt.
constexpr const char* kKeep = R"(
  INSERT OR IGNORE INTO superseded (batch, task, text, worker, attempt, outcome, status, success,
                                    started, ended, stdout, stderr, reason, slot, cpu,
                                    max_rss)
  SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16
  WHERE NOT EXISTS (SELECT * FROM result WHERE batch = ?1 AND task = ?2 AND worker = ?4
                    AND attempt = ?5 AND started = ?9))";

double seconds(std::int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e9; }

// On an average.
std::int64_t cpu_each(const Result& result) {
  return static_cast<std::int64_t>(result.cpu / result.ids.count);
}

std::int64_t key(BatchId batch) { return static_cast<std::int64_t>(batch); }
std::int64_t number(TaskId task) { return static_cast<std::int64_t>(task); }

Statement first_prepared(const Database& database) {
  lay_out(database);
  return database.prepare(kInsertExecution);
}

// Of batch, execution and success there is one for all of them.
Statement insert_of(std::size_t tasks, const Database& database) {
  std::string sql =
      "INSERT OR REPLACE INTO recorded_task "
      "(batch, execution, success, task, started, took, text, stdout) VALUES ";
  for (std::size_t i = 0; i < tasks; ++i) {
    sql += i == 0 ? "(?1, ?2, ?3, ?, ?, ?, ?, ?)" : ", (?1, ?2, ?3, ?, ?, ?, ?, ?)";
  }
  return database.prepare(sql.c_str());
}

void write_attempt(Statement& statement, BatchId batch, std::string_view worker,
                   const Result& result, const TaskResult& task) {
  statement << key(batch) << number(task.id) << task.text << worker << std::int64_t{result.attempt}
            << outcome_name(result.outcome) << std::int64_t{result.status}
            << std::int64_t{result.succeeded()} << seconds(task.started) << seconds(task.ended)
            << task.output << result.errors << result.reason << std::int64_t{result.slot}
            << seconds(cpu_each(result)) << static_cast<std::int64_t>(result.max_rss);
  statement.step();
}

}  // namespace

Journal::Journal(const std::string& path)
    : lock_(path),
      database_("journal", path, Database::Access::write),
      insert_execution_(first_prepared(database_)),
      insert_one_(insert_of(1, database_)),
      insert_many_(insert_of(kTogether, database_)),
      supersede_(database_.prepare(kSupersede)),
      keep_(database_.prepare(kKeep)) {}

// --- the batch ----------------------------------------------------------------------------------

Journal::Begun Journal::begin(BatchId batch, std::string_view name, std::string_view holder) {
  Statement row =
      database_.prepare("SELECT holder, command, retrying, retried_rows FROM batch WHERE id = ?1");
  if (!lock_.take(batch)) {
    row << key(batch);
    return {.held_by = row.step() ? std::string(row.text(0)) : "another sink"};
  }
  batch_ = batch;
  forgets_ = batch_changed_ = recorded_something_ = false;
  Statement add = database_.prepare("INSERT OR IGNORE INTO batch (id, name) VALUES (?1, ?2)");
  (add << key(batch) << name).step();
  const bool before = database_.changes() == 0;
  hold(holder);
  (row << key(batch)).step();
  command_ = row.text(1);
  retrying_ = static_cast<VentilatorId>(row.integer(2));
  retried_rows_ = row.integer(3);
  return {.before = before};
}

void Journal::hold(std::string_view holder) {
  Statement update = database_.prepare("UPDATE batch SET holder = ?2 WHERE id = ?1");
  (update << key(batch_) << holder).step();
}

void Journal::end(const Figures& figures) {
  if (figures.complete && batch_changed_) write_batch();
  if (figures.complete || recorded_something_) write_counts(figures);
  Statement end = database_.prepare(
      "UPDATE batch SET holder = '', finished = iif(?2, (julianday('now') - 2440587.5) * 86400.0, "
      "finished) WHERE id = ?1");
  (end << key(batch_) << std::int64_t{recorded_something_}).step();
  lock_.give_back();
}

void Journal::write_counts(const Figures& figures) {
  Statement update = database_.prepare(
      "UPDATE batch SET tasks = ?2, succeeded = ?3, failed = ?4, skipped = ?5 WHERE id = ?1");
  (update << key(batch_) << number(figures.known_tasks())
          << number(figures.recorded - figures.failed - figures.skipped) << number(figures.failed)
          << number(figures.skipped))
      .step();
}

void Journal::forget_failed(VentilatorId ventilator) {
  forgets_ = true;
  if (std::exchange(retrying_, ventilator) == ventilator) return;
  Statement last = database_.prepare("SELECT max(id) FROM execution");
  last.step();
  retried_rows_ = last.integer(0);
  batch_changed_ = true;
}

void Journal::set_command(std::string_view command) {
  if (command.empty() || command == command_) return;
  command_ = command;
  batch_changed_ = true;
}

// Together with a result: a command that is refused has none, and leaves the journal as it was.
void Journal::write_batch() {
  Statement update = database_.prepare(
      "UPDATE batch SET command = ?2, retrying = ?3, retried_rows = ?4 WHERE id = ?1");
  (update << key(batch_) << command_ << static_cast<std::int64_t>(retrying_) << retried_rows_)
      .step();
  batch_changed_ = false;
}

// --- what is recorded ---------------------------------------------------------------------------

void Journal::replay(const std::function<void(Range ids, bool succeeded)>& visit) {
  Statement rows = database_.prepare(
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

RecordedPart Journal::recorded_from(TaskId from, const std::function<bool(TaskId)>& counts) {
  constexpr std::uint64_t piece = 256;
  Statement rows = database_.prepare(
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

// --- results ------------------------------------------------------------------------------------

void Journal::record(std::string_view worker, const Result& result) {
  begin_transaction();
  recorded_something_ = true;
  const Range ids = result.ids;
  if (forgets_) (supersede_ << key(batch_) << number(ids.first) << number(ids.end() - 1)).step();
  insert_execution_ << worker << std::int64_t{result.attempt} << outcome_name(result.outcome)
                    << std::int64_t{result.status} << result.errors << result.reason
                    << std::int64_t{result.slot} << cpu_each(result)
                    << static_cast<std::int64_t>(result.max_rss);
  insert_execution_.step();
  const std::int64_t execution = database_.last_row();
  std::vector<TaskResult> tasks;
  tasks.reserve(ids.count);
  result.for_each_task([&](const TaskResult& task) { tasks.push_back(task); });
  std::span<const TaskResult> left = tasks;
  for (; left.size() >= kTogether; left = left.subspan(kTogether)) {
    insert(insert_many_, execution, left.first(kTogether), result.succeeded());
  }
  for (; !left.empty(); left = left.subspan(1)) {
    insert(insert_one_, execution, left.first(1), result.succeeded());
  }
}

void Journal::insert(Statement& statement, std::int64_t execution,
                     std::span<const TaskResult> tasks, bool success) {
  statement << key(batch_) << execution << std::int64_t{success};
  for (const TaskResult& task : tasks) {
    statement << number(task.id) << task.started << task.ended - task.started << task.text
              << task.output;
  }
  statement.step();
}

void Journal::keep(std::string_view worker, const Result& result) {
  begin_transaction();
  result.for_each_task(
      [&](const TaskResult& task) { write_attempt(keep_, batch_, worker, result, task); });
}

void Journal::begin_transaction() {
  if (in_transaction_) return;
  database_.execute("BEGIN IMMEDIATE");
  in_transaction_ = true;
  if (batch_changed_) write_batch();
}

void Journal::commit() {
  if (!in_transaction_) return;
  database_.execute("COMMIT");
  in_transaction_ = false;
}

}  // namespace divvy::sink
