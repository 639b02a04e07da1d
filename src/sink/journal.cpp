#include "sink/journal.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "divvy/digest.hpp"
#include "hall/events.hpp"

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
  constexpr std::array<std::string_view, 6> names{"slept",  "exited",    "signalled",
                                                  "failed", "timed out", "lost"};
  return names.at(static_cast<std::size_t>(outcome));
}

double seconds(std::int64_t nanoseconds) { return static_cast<double>(nanoseconds) / 1e9; }

}  // namespace

// Fills in a statement's parameters, one after the other. Texts must live until it is run.
class Journal::Binder {
 public:
  explicit Binder(sqlite3_stmt* statement) : statement_(statement) {}

  Binder& operator<<(std::int64_t value) {
    sqlite3_bind_int64(statement_, ++at_, value);
    return *this;
  }
  Binder& operator<<(BatchId batch) { return *this << static_cast<std::int64_t>(batch); }
  Binder& operator<<(double value) {
    sqlite3_bind_double(statement_, ++at_, value);
    return *this;
  }
  Binder& operator<<(std::string_view text) {
    const char* const begin = text.empty() ? "" : text.data();  // null would be NULL
    sqlite3_bind_text64(statement_, ++at_, begin, text.size(), SQLITE_STATIC, SQLITE_UTF8);
    return *this;
  }

 private:
  sqlite3_stmt* statement_;
  int at_ = 0;
};

void Journal::Close::operator()(sqlite3* database) const { sqlite3_close(database); }

void Journal::Finalize::operator()(sqlite3_stmt* statement) const { sqlite3_finalize(statement); }

Journal::Journal(const std::string& path) : path_(path) {
  if (!Descriptor(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)).open()) {
    throw std::runtime_error(fmt::format("cannot open journal {}: {}", path, std::strerror(errno)));
  }
  sqlite3* database = nullptr;
  const int code = sqlite3_open_v2(path.c_str(), &database, SQLITE_OPEN_READWRITE, nullptr);
  database_.reset(database);  // there is one even if it could not be opened
  check(code == SQLITE_OK);
  sqlite3_busy_timeout(database, 10'000);  // somebody may be looking at it
  execute(kSchema);
  insert_ = prepare(kInsert);
}

bool Journal::begin(BatchId batch, std::string_view name) {
  const Statement statement = prepare("INSERT OR IGNORE INTO batch (id, name) VALUES (?1, ?2)");
  Binder(statement.get()) << batch << name;
  step(statement.get());
  return sqlite3_changes(database_.get()) > 0;
}

void Journal::replay(BatchId batch, const std::function<void(const Recorded&)>& visit) {
  const Statement rows =
      prepare("SELECT task, success, text FROM result WHERE batch = ?1 ORDER BY task");
  Binder(rows.get()) << batch;
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(rows.get())) == SQLITE_ROW) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(rows.get(), 2));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(rows.get(), 2));
    visit({static_cast<TaskId>(sqlite3_column_int64(rows.get(), 0)),
           sqlite3_column_int(rows.get(), 1) != 0,
           {text, size}});
  }
  check(code == SQLITE_DONE);
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
      receipts.push_back({WorkerId::none, {recorded.id, 1}, kAnyAttempt, verdict, 0, 0});
      digest = {};
    }
    digest.add_text(recorded.text);
    receipts.back().digest = digest.value();
  });
  return receipts;
}

void Journal::forget_failed(BatchId batch) {
  const Statement statement = prepare("DELETE FROM result WHERE batch = ?1 AND NOT success");
  Binder(statement.get()) << batch;
  step(statement.get());
}

void Journal::record(BatchId batch, std::string_view worker, Range ids, const Result& result) {
  if (!in_transaction_) execute("BEGIN");
  in_transaction_ = true;
  TaskId id = result.ids.first;
  for_each_text(result.texts, [&](std::string_view text) {
    const TaskId task = id++;
    if (!ids.contains(task)) return;
    Binder(insert_.get()) << batch << static_cast<std::int64_t>(task) << text << worker
                          << std::int64_t{result.attempt} << name_of(result.outcome)
                          << std::int64_t{result.status} << std::int64_t{result.succeeded()}
                          << seconds(result.started) << seconds(result.ended) << result.output
                          << result.errors << result.reason;
    step(insert_.get());
  });
}

void Journal::commit() {
  if (!in_transaction_) return;
  execute("COMMIT");
  in_transaction_ = false;
}

void Journal::execute(const char* sql) {
  check(sqlite3_exec(database_.get(), sql, nullptr, nullptr, nullptr) == SQLITE_OK);
}

Journal::Statement Journal::prepare(const char* sql) {
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v2(database_.get(), sql, -1, &statement, nullptr) == SQLITE_OK);
  return Statement(statement);
}

void Journal::step(sqlite3_stmt* statement) {
  check(sqlite3_step(statement) == SQLITE_DONE);
  sqlite3_reset(statement);
}

void Journal::check(bool well) const {
  if (well) return;
  throw std::runtime_error(fmt::format("journal {}: {}", path_, sqlite3_errmsg(database_.get())));
}

}  // namespace divvy::sink
