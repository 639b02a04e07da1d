#include "sink/journal_layout.hpp"

#include <cstdint>
#include <stdexcept>

namespace divvy::sink {
namespace {

// 0 is a file without tables, or one with the first layout; its number is PRAGMA user_version.
constexpr std::int64_t kLayout = 4;

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
constexpr const char* kToSecondLayout = R"(
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
)";

// The third layout says what the tasks of one result have in common once, in `execution`, and has
// each task in one tree, in the order of the input: that is what many brief tasks cost. `result`
// is as before, to who reads. An execution has the number of its former row, for `retried_rows`.
constexpr const char* kToThirdLayout = R"(
  CREATE TABLE execution (
    id      INTEGER PRIMARY KEY,
    worker  TEXT    NOT NULL,
    attempt INTEGER NOT NULL,
    outcome TEXT    NOT NULL,
    status  INTEGER NOT NULL,
    stderr  TEXT    NOT NULL,
    reason  TEXT    NOT NULL,
    slot    INTEGER NOT NULL
  );
  CREATE TABLE recorded_task (
    batch     INTEGER NOT NULL REFERENCES batch (id),
    task      INTEGER NOT NULL,
    execution INTEGER NOT NULL REFERENCES execution (id),
    success   INTEGER NOT NULL,
    started   INTEGER NOT NULL,  -- nanoseconds since 1970, UTC
    took      INTEGER NOT NULL,  -- nanoseconds
    text      TEXT    NOT NULL,
    stdout    TEXT    NOT NULL,
    PRIMARY KEY (batch, task)
  ) WITHOUT ROWID;
  INSERT INTO execution
    SELECT rowid, worker, attempt, outcome, status, stderr, reason, slot FROM result;
  INSERT INTO recorded_task
    SELECT batch, task, rowid, success, CAST(round(started * 1e9) AS INTEGER),
           CAST(round((ended - started) * 1e9) AS INTEGER), text, stdout
    FROM result ORDER BY batch, task;
  DROP TABLE result;
  CREATE VIEW result AS
    SELECT batch, task, text, worker, attempt, outcome, status, success, started / 1e9 AS started,
           (started + took) / 1e9 AS ended, stdout, stderr, reason, slot
    FROM recorded_task LEFT JOIN execution ON execution.id = execution;
  CREATE TRIGGER result_delete INSTEAD OF DELETE ON result BEGIN
    DELETE FROM recorded_task WHERE batch = old.batch AND task = old.task;
  END;
  CREATE TRIGGER result_update INSTEAD OF UPDATE ON result BEGIN
    INSERT INTO execution (worker, attempt, outcome, status, stderr, reason, slot)
      VALUES (new.worker, new.attempt, new.outcome, new.status, new.stderr, new.reason, new.slot);
    UPDATE recorded_task
    SET batch = new.batch, task = new.task, execution = last_insert_rowid(), text = new.text,
        success = new.success, stdout = new.stdout,
        started = iif(new.started = old.started, started,
                      CAST(round(new.started * 1e9) AS INTEGER)),
        took = iif(new.started = old.started AND new.ended = old.ended, took,
                   CAST(round((new.ended - new.started) * 1e9) AS INTEGER))
    WHERE batch = old.batch AND task = old.task;
  END;

  DROP VIEW IF EXISTS slowest;
  CREATE VIEW slowest AS
    SELECT batch.name AS batch, task, text, worker, round(ended - started, 6) AS seconds
    FROM result JOIN batch ON batch.id = result.batch
    ORDER BY ended - started DESC;
  DROP VIEW IF EXISTS workers;
  CREATE VIEW workers AS
    SELECT batch.name AS batch, worker, count(*) AS tasks, sum(NOT success) AS failed,
           round(sum(ended - started), 6) AS busy, round(avg(ended - started), 6) AS mean,
           round(max(ended - started), 6) AS longest
    FROM result JOIN batch ON batch.id = result.batch
    GROUP BY result.batch, worker ORDER BY result.batch, worker;
)";

// The fourth layout knows what attempts have used, and what a batch has come to. `cpu` of an
// execution: nanoseconds of each of its tasks, on an average.
constexpr const char* kToFourthLayout = R"(
  ALTER TABLE batch ADD COLUMN tasks INTEGER;
  ALTER TABLE batch ADD COLUMN succeeded INTEGER;
  ALTER TABLE batch ADD COLUMN failed INTEGER;
  ALTER TABLE batch ADD COLUMN skipped INTEGER;
  ALTER TABLE execution ADD COLUMN cpu INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE execution ADD COLUMN max_rss INTEGER NOT NULL DEFAULT 0;
  ALTER TABLE superseded ADD COLUMN cpu REAL NOT NULL DEFAULT 0;
  ALTER TABLE superseded ADD COLUMN max_rss INTEGER NOT NULL DEFAULT 0;

  DROP VIEW attempts;
  DROP VIEW workers;
  DROP VIEW result;
  CREATE VIEW result AS
    SELECT batch, task, text, worker, attempt, outcome, status, success, started / 1e9 AS started,
           (started + took) / 1e9 AS ended, stdout, stderr, reason, slot, cpu / 1e9 AS cpu, max_rss
    FROM recorded_task LEFT JOIN execution ON execution.id = execution;
  CREATE TRIGGER result_delete INSTEAD OF DELETE ON result BEGIN
    DELETE FROM recorded_task WHERE batch = old.batch AND task = old.task;
  END;
  CREATE TRIGGER result_update INSTEAD OF UPDATE ON result BEGIN
    INSERT INTO execution (worker, attempt, outcome, status, stderr, reason, slot, cpu, max_rss)
      VALUES (new.worker, new.attempt, new.outcome, new.status, new.stderr, new.reason, new.slot,
              CAST(round(new.cpu * 1e9) AS INTEGER), new.max_rss);
    UPDATE recorded_task
    SET batch = new.batch, task = new.task, execution = last_insert_rowid(), text = new.text,
        success = new.success, stdout = new.stdout,
        started = iif(new.started = old.started, started,
                      CAST(round(new.started * 1e9) AS INTEGER)),
        took = iif(new.started = old.started AND new.ended = old.ended, took,
                   CAST(round((new.ended - new.started) * 1e9) AS INTEGER))
    WHERE batch = old.batch AND task = old.task;
  END;
  CREATE VIEW attempts AS
    SELECT batch.name AS batch, task, text, attempt, recorded, worker, slot, outcome, status,
           success, started, ended, stdout, stderr, reason, cpu, max_rss
    FROM (SELECT *, 1 AS recorded FROM result UNION ALL SELECT *, 0 FROM superseded) AS attempt
    JOIN batch ON batch.id = attempt.batch;
)";

// What attempts tell of the batch, from the first start to the last end of any of them. Those that
// were lost nobody has measured.
constexpr const char* kViews = R"(
  CREATE VIEW measured AS
    SELECT batch, task, text, worker, attempt, slot, success, 1 AS recorded, cpu, max_rss,
           started, ended
    FROM result WHERE outcome NOT IN ('lost', 'skipped')
    UNION ALL
    SELECT batch, task, text, worker, attempt, slot, success, 0, cpu, max_rss, started, ended
    FROM superseded WHERE outcome NOT IN ('lost', 'skipped');
  CREATE VIEW workers AS
    SELECT batch.name AS batch, worker, sum(recorded) AS tasks,
           sum(recorded AND NOT success) AS failed, count(*) AS attempts,
           round(sum(ended - started), 6) AS busy, round(avg(ended - started), 6) AS mean,
           round(max(ended - started), 6) AS longest, round(sum(cpu), 6) AS cpu,
           max(max_rss) AS max_rss
    FROM measured JOIN batch ON batch.id = measured.batch
    GROUP BY measured.batch, worker ORDER BY measured.batch, worker;
  CREATE VIEW largest AS
    SELECT batch.name AS batch, task, text, worker, attempt, max_rss,
           round(ended - started, 6) AS seconds
    FROM measured JOIN batch ON batch.id = measured.batch
    WHERE max_rss > 0 ORDER BY max_rss DESC;
  CREATE VIEW busiest AS
    SELECT batch.name AS batch, task, text, worker, attempt, round(cpu, 6) AS cpu,
           round(ended - started, 6) AS seconds
    FROM measured JOIN batch ON batch.id = measured.batch
    WHERE cpu > 0 ORDER BY cpu DESC;
  CREATE VIEW idle AS
    WITH span AS (
      SELECT batch AS id, min(started) AS first_start, max(ended) AS last_end FROM measured GROUP BY batch
    ), gap AS (
      SELECT batch AS id, worker, slot, started AS until, lag(ended) OVER in_slot AS since
      FROM measured WHERE slot > 0
      WINDOW in_slot AS (PARTITION BY batch, worker, slot ORDER BY started)
      UNION ALL
      SELECT batch, worker, slot, NULL, max(ended) FROM measured WHERE slot > 0
      GROUP BY batch, worker, slot
    )
    SELECT batch.name AS batch, worker, slot, ifnull(since, first_start) AS since,
           ifnull(until, last_end) AS until,
           round(ifnull(until, last_end) - ifnull(since, first_start), 6) AS seconds
    FROM gap JOIN span USING (id) JOIN batch USING (id)
    WHERE ifnull(until, last_end) > ifnull(since, first_start)
    ORDER BY ifnull(until, last_end) - ifnull(since, first_start) DESC;
  CREATE VIEW stalls AS
    WITH span AS (
      SELECT batch AS id, min(started) AS first_start FROM measured GROUP BY batch
    ), wait AS (
      SELECT batch AS id, lag(ended) OVER of_batch AS since, ended AS until, task, worker
      FROM measured WINDOW of_batch AS (PARTITION BY batch ORDER BY ended)
    )
    SELECT batch.name AS batch, ifnull(since, first_start) AS since, until,
           round(until - ifnull(since, first_start), 6) AS seconds, task, worker
    FROM wait JOIN span USING (id) JOIN batch USING (id)
    WHERE until > ifnull(since, first_start)
    ORDER BY until - ifnull(since, first_start) DESC;
  PRAGMA user_version = 4;
)";

std::int64_t layout_of(const Database& database) {
  Statement version = database.prepare("PRAGMA user_version");
  return version.step() ? version.integer(0) : 0;
}

}  // namespace

void lay_out(const Database& database) {
  // Longer than SQLite's own, a WAL costs less: the database is written less often.
  database.execute(
      "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000");
  if (layout_of(database) == kLayout) return;
  database.execute("BEGIN IMMEDIATE");  // others may be at it, too
  const std::int64_t layout = layout_of(database);
  if (layout > kLayout) {
    throw std::runtime_error(database.name() +
                             ": a later divvy has made it; use that one, or another --journal");
  }
  if (layout < 2) {
    database.execute(kTables);
    database.execute(kToSecondLayout);
  }
  if (layout < 3) database.execute(kToThirdLayout);
  if (layout < 4) {
    database.execute(kToFourthLayout);
    database.execute(kViews);
  }
  database.execute("COMMIT");
}

}  // namespace divvy::sink
