#include "sink/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "common/descriptor.hpp"
#include "common/digest.hpp"

namespace divvy::sink {
namespace {

// Times are seconds since 1970, UTC: datetime(started, 'unixepoch') in SQLite.
constexpr const char* kSchema = R"(
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = NORMAL;
  CREATE TABLE IF NOT EXISTS batch (
    id    INTEGER PRIMARY KEY,
    name  TEXT NOT NULL,
    begun REAL NOT NULL DEFAULT ((julianday('now') - 2440587.5) * 86400.0)
  );
  CREATE TABLE IF NOT EXISTS result (
    batch   INTEGER NOT NULL REFERENCES batch (id),
    task    INTEGER NOT NULL,
    text    TEXT    NOT NULL,
    worker  TEXT    NOT NULL,
    attempt INTEGER NOT NULL,
    outcome TEXT    NOT NULL,
    status  INTEGER NOT NULL,
    success INTEGER NOT NULL,
    started REAL    NOT NULL,
    ended   REAL    NOT NULL,
    stdout  TEXT    NOT NULL,
    stderr  TEXT    NOT NULL,
    reason  TEXT    NOT NULL
  );
  CREATE UNIQUE INDEX IF NOT EXISTS result_by_task ON result (batch, task);
  CREATE VIEW IF NOT EXISTS failed AS
    SELECT batch.name AS batch, task, text, worker, attempt, outcome, status, reason, stderr
    FROM result JOIN batch ON batch.id = result.batch
    WHERE NOT success ORDER BY result.batch, task;
  CREATE VIEW IF NOT EXISTS slowest AS
    SELECT batch.name AS batch, task, text, worker, round(ended - started, 3) AS seconds
    FROM result JOIN batch ON batch.id = result.batch
    ORDER BY ended - started DESC;
  CREATE VIEW IF NOT EXISTS workers AS
    SELECT batch.name AS batch, worker, count(*) AS tasks, sum(NOT success) AS failed,
           round(sum(ended - started), 3) AS busy, round(avg(ended - started), 6) AS mean,
           round(max(ended - started), 3) AS longest
    FROM result JOIN batch ON batch.id = result.batch
    GROUP BY result.batch, worker ORDER BY result.batch, worker;
)";

constexpr const char* kInsert =
    "INSERT INTO result VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";

std::string_view name_of(Outcome outcome) {
  constexpr std::array<std::string_view, 7> names{"slept",     "exited", "signalled",  "failed",
                                                  "timed out", "lost",   "interrupted"};
  return names.at(static_cast<std::size_t>(outcome));
}

double seconds(std::int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e9; }

std::int64_t key(BatchId batch) { return static_cast<std::int64_t>(batch); }

// What tasks print is for their owner only.
const std::string& make_private(const std::string& path) {
  if (Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)).open()) return path;
  throw std::runtime_error(fmt::format("cannot open journal {}: {}", path, std::strerror(errno)));
}

Statement prepared(const Database& database) {
  database.execute(kSchema);
  return database.prepare(kInsert);
}

}  // namespace

Journal::Journal(const std::string& path)
    : database_("journal", make_private(path), Database::Access::write),
      insert_(prepared(database_)) {}

bool Journal::begin(BatchId batch, std::string_view name) {
  Statement statement = database_.prepare("INSERT OR IGNORE INTO batch (id, name) VALUES (?1, ?2)");
  (statement << key(batch) << name).step();
  return database_.changes() > 0;
}

void Journal::replay(BatchId batch, const std::function<void(const Recorded&)>& visit) {
  Statement rows =
      database_.prepare("SELECT task, success, text FROM result WHERE batch = ?1 ORDER BY task");
  rows << key(batch);
  while (rows.step()) {
    visit({.id = static_cast<TaskId>(rows.integer(0)),
           .succeeded = rows.integer(1) != 0,
           .text = rows.text(2)});
  }
}

std::vector<Receipt> Journal::restate(BatchId batch) {
  constexpr std::uint64_t piece = 256;
  std::vector<Receipt> receipts;
  Digest digest;
  replay(batch, [&](const Recorded& recorded) {
    const auto verdict = recorded.succeeded ? Verdict::succeeded : Verdict::failed;
    const bool joins = !receipts.empty() && receipts.back().ids.end() == recorded.id &&
                       receipts.back().verdict == verdict && receipts.back().ids.count < piece;
    if (joins) {
      ++receipts.back().ids.count;
    } else {
      receipts.push_back({.ids = {recorded.id, 1}, .attempt = kAnyAttempt, .verdict = verdict});
      digest = {};
    }
    digest.add_text(recorded.text);
    receipts.back().digest = digest.value();
  });
  return receipts;
}

void Journal::forget_failed(BatchId batch) {
  Statement statement = database_.prepare("DELETE FROM result WHERE batch = ?1 AND NOT success");
  (statement << key(batch)).step();
}

void Journal::record(BatchId batch, std::string_view worker, Range ids, const Result& result) {
  if (!in_transaction_) database_.execute("BEGIN");
  in_transaction_ = true;
  TaskId id = result.ids.first;
  for_each_text(result.texts, [&](std::string_view text) {
    const TaskId task = id++;
    if (!ids.contains(task)) return;
    insert_ << key(batch) << static_cast<std::int64_t>(task) << text << worker
            << std::int64_t{result.attempt} << name_of(result.outcome)
            << std::int64_t{result.status} << std::int64_t{result.succeeded()}
            << seconds(result.started) << seconds(result.ended) << result.output << result.errors
            << result.reason;
    insert_.step();
  });
}

void Journal::commit() {
  if (!in_transaction_) return;
  database_.execute("COMMIT");
  in_transaction_ = false;
}

}  // namespace divvy::sink
