#include "sink/journal_layout.hpp"

#include <cstdint>
#include <stdexcept>

namespace divvy::sink {
namespace {

// 0 is a file without tables, or one with the first layout; its number is PRAGMA user_version.
constexpr std::int64_t kLayout = 2;

// Times are seconds since 1970, UTC: datetime(started, 'unixepoch') in SQLite.
constexpr const char* kTables = R"(
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

// What the second layout adds. `retrying` and `retried_rows`: see Journal::forget_failed().
constexpr const char* kSecond = R"(
  ALTER TABLE batch ADD COLUMN command TEXT NOT NULL DEFAULT '';
  ALTER TABLE batch ADD COLUMN finished REAL;
  ALTER TABLE batch ADD COLUMN holder TEXT NOT NULL DEFAULT '';
  ALTER TABLE batch ADD COLUMN retrying INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE batch ADD COLUMN retried_rows INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE result ADD COLUMN slot INTEGER NOT NULL DEFAULT 0;
  CREATE TABLE superseded AS SELECT * FROM result WHERE 0;
  CREATE UNIQUE INDEX superseded_by_task ON superseded (batch, task, attempt, worker, started);
  CREATE VIEW attempts AS
    SELECT batch.name AS batch, task, text, attempt, recorded, worker, slot, outcome, status,
           success, started, ended, stdout, stderr, reason
    FROM (SELECT *, 1 AS recorded FROM result UNION ALL SELECT *, 0 FROM superseded) AS attempt
    JOIN batch ON batch.id = attempt.batch;
  PRAGMA user_version = 2;
)";

std::int64_t layout_of(const Database& database) {
  Statement version = database.prepare("PRAGMA user_version");
  return version.step() ? version.integer(0) : 0;
}

}  // namespace

void lay_out(const Database& database) {
  database.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  if (layout_of(database) == kLayout) return;
  database.execute("BEGIN IMMEDIATE");  // others may be at it, too
  const std::int64_t layout = layout_of(database);
  if (layout > kLayout) {
    throw std::runtime_error(database.name() +
                             ": a later divvy has made it; use that one, or another --journal");
  }
  if (layout < kLayout) {
    database.execute(kTables);
    database.execute(kSecond);
  }
  database.execute("COMMIT");
}

}  // namespace divvy::sink
