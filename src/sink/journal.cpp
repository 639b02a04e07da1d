#include "sink/journal.hpp"

#include <cstddef>
#include <vector>

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

void Journal::supersede(BatchId batch, Range ids) {
  (supersede_ << key(batch) << number(ids.first) << number(ids.end() - 1)).step();
}

void Journal::record(BatchId batch, std::string_view worker, const Result& result) {
  insert_execution_ << worker << std::int64_t{result.attempt} << outcome_name(result.outcome)
                    << std::int64_t{result.status} << result.errors << result.reason
                    << std::int64_t{result.slot} << cpu_each(result)
                    << static_cast<std::int64_t>(result.max_rss);
  insert_execution_.step();
  const std::int64_t execution = database_.last_row();
  std::vector<TaskResult> tasks;
  tasks.reserve(result.ids.count);
  result.for_each_task([&](const TaskResult& task) { tasks.push_back(task); });
  std::span<const TaskResult> left = tasks;
  for (; left.size() >= kTogether; left = left.subspan(kTogether)) {
    insert(insert_many_, batch, execution, left.first(kTogether), result.succeeded());
  }
  for (; !left.empty(); left = left.subspan(1)) {
    insert(insert_one_, batch, execution, left.first(1), result.succeeded());
  }
}

void Journal::insert(Statement& statement, BatchId batch, std::int64_t execution,
                     std::span<const TaskResult> tasks, bool success) {
  statement << key(batch) << execution << std::int64_t{success};
  for (const TaskResult& task : tasks) {
    statement << number(task.id) << task.started << task.ended - task.started << task.text
              << task.output;
  }
  statement.step();
}

void Journal::keep(BatchId batch, std::string_view worker, const Result& result) {
  result.for_each_task(
      [&](const TaskResult& task) { write_attempt(keep_, batch, worker, result, task); });
}

void Journal::begin_transaction() {
  if (in_transaction_) return;
  database_.execute("BEGIN IMMEDIATE");
  in_transaction_ = true;
}

void Journal::commit() {
  if (!in_transaction_) return;
  database_.execute("COMMIT");
  in_transaction_ = false;
}

}  // namespace divvy::sink
