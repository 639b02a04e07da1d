#include "report/recorded.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <stdexcept>
#include <unordered_map>
#include <utility>

#include "report/rules/text.hpp"

namespace divvy::report {
namespace {

constexpr std::int64_t kLayout = 4;  // see sink/journal_layout.cpp
constexpr std::size_t kMostText = 300;
constexpr std::size_t kMostReason = 500;

constexpr const char* kBatches =
    "SELECT id, name, command, holder, begun, finished, finished IS NOT NULL, tasks, "
    "tasks IS NOT NULL, skipped FROM batch ";

// Both in nanoseconds, as the recorded ones are.
constexpr const char* kAttempts = R"(
  SELECT task, worker, slot, attempt, outcome, status, success, 1, started, started + took, cpu,
         max_rss
  FROM recorded_task JOIN execution ON execution.id = execution WHERE batch = ?1
  UNION ALL
  SELECT task, worker, slot, attempt, outcome, status, success, 0,
         CAST(round(started * 1e9) AS INTEGER), CAST(round(ended * 1e9) AS INTEGER),
         CAST(round(cpu * 1e9) AS INTEGER), max_rss
  FROM superseded WHERE batch = ?1)";

constexpr const char* kFailed = R"(
  SELECT task, worker, slot, attempt, outcome, status, success, started, took, text, reason, stderr
  FROM recorded_task JOIN execution ON execution.id = execution
  WHERE batch = ?1 AND NOT success ORDER BY task LIMIT ?2)";

constexpr const char* kSuperseded = R"(
  SELECT task, worker, slot, attempt, outcome, status, success,
         CAST(round(started * 1e9) AS INTEGER), CAST(round((ended - started) * 1e9) AS INTEGER),
         text, reason, ''
  FROM superseded WHERE batch = ?1 ORDER BY task, started LIMIT ?2)";

std::int64_t key(BatchId batch) { return static_cast<std::int64_t>(batch); }

// Numbers for names, in the order in which they come.
class Names {
 public:
  std::uint32_t number(std::string_view name) {
    if (name == last_) return last_number_;
    const auto [place, added] =
        numbers_.try_emplace(std::string(name), static_cast<std::uint32_t>(names_.size()));
    if (added) names_.emplace_back(name);
    last_ = name;
    return last_number_ = place->second;
  }

  [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

 private:
  std::unordered_map<std::string, std::uint32_t> numbers_;
  std::vector<std::string> names_;
  std::string last_{'\0'};  // no name begins so
  std::uint32_t last_number_ = 0;
};

Kind kind_of(std::string_view outcome, bool success, bool recorded) {
  if (recorded) return success ? Kind::succeeded : Kind::failed;
  if (outcome == "interrupted") return Kind::interrupted;
  return success ? Kind::duplicate : Kind::retried;
}

BatchRow batch_row(const Statement& row) {
  BatchRow batch{.id = static_cast<BatchId>(row.integer(0)),
                 .name = std::string(row.text(1)),
                 .command = std::string(row.text(2)),
                 .holder = std::string(row.text(3)),
                 .begun = row.real(4),
                 .finished = {},
                 .tasks = {},
                 .skipped = {}};
  if (row.integer(6) != 0) batch.finished = row.real(5);
  if (row.integer(8) != 0) {
    batch.tasks = static_cast<std::uint64_t>(row.integer(7));
    batch.skipped = static_cast<std::uint64_t>(row.integer(9));
  }
  return batch;
}

Attempt attempt_of(const Statement& row) {
  Attempt attempt;
  attempt.task = static_cast<TaskId>(row.integer(0));
  attempt.slot = static_cast<std::uint32_t>(row.integer(2));
  attempt.number = static_cast<std::uint32_t>(row.integer(3));
  attempt.status = static_cast<std::int32_t>(row.integer(5));
  attempt.kind = kind_of(row.text(4), row.integer(6) != 0, row.integer(7) != 0);
  attempt.started = Nanoseconds(row.integer(8));
  attempt.ended = std::max(attempt.started, Nanoseconds(row.integer(9)));
  attempt.cpu = Nanoseconds(row.integer(10));
  attempt.max_rss = static_cast<std::uint64_t>(row.integer(11));
  return attempt;
}

// Workers get their numbers by their names.
void number_by_name(Recorded::All& all) {
  std::vector<std::uint32_t> order(all.workers.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) order[i] = i;
  std::sort(order.begin(), order.end(),
            [&](std::uint32_t a, std::uint32_t b) { return all.workers[a] < all.workers[b]; });
  std::vector<std::uint32_t> numbers(order.size());
  std::vector<std::string> names(order.size());
  for (std::uint32_t i = 0; i < order.size(); ++i) {
    numbers[order[i]] = i;
    names[i] = std::move(all.workers[order[i]]);
  }
  all.workers = std::move(names);
  for (Attempt& attempt : all.attempts) attempt.worker = numbers[attempt.worker];
}

Trouble trouble_of(const Statement& row, std::size_t most_errors) {
  return {.task = static_cast<TaskId>(row.integer(0)),
          .worker = std::string(row.text(1)),
          .slot = static_cast<std::uint32_t>(row.integer(2)),
          .number = static_cast<std::uint32_t>(row.integer(3)),
          .outcome = std::string(row.text(4)),
          .status = static_cast<std::int32_t>(row.integer(5)),
          .success = row.integer(6) != 0,
          .started = Nanoseconds(row.integer(7)),
          .took = Nanoseconds(row.integer(8)),
          .text = shortened(row.text(9), kMostText),
          .reason = shortened(row.text(10), kMostReason),
          .errors = end_of(row.text(11), most_errors)};
}

std::vector<Trouble> troubles(Statement rows, BatchId id, std::uint64_t most,
                              std::size_t most_errors) {
  rows << key(id) << static_cast<std::int64_t>(most);
  std::vector<Trouble> found;
  while (rows.step()) found.push_back(trouble_of(rows, most_errors));
  return found;
}

std::string names_in(const Database& database) {
  constexpr std::int64_t most = 20;
  Statement rows = database.prepare(
      "SELECT DISTINCT name FROM batch WHERE name != '' ORDER BY begun DESC LIMIT ?1");
  rows << most;
  std::string names;
  while (rows.step()) names += fmt::format("{}{}", names.empty() ? "" : ", ", rows.text(0));
  return names;
}

}  // namespace

Recorded::Recorded(const Database& database) : database_(database) {
  Statement version = database.prepare("PRAGMA user_version");
  version.step();
  const std::int64_t layout = version.integer(0);
  if (layout > kLayout) {
    throw std::runtime_error(database.name() + ": a later divvy has made it; use that one");
  }
  if (layout < kLayout) {
    throw std::runtime_error(
        database.name() +
        ": no journal, or one of an earlier divvy, which sink --journal brings up to date");
  }
  database_.execute("SAVEPOINT report");  // it may be in a transaction already
}

Recorded::~Recorded() {
  try {
    database_.execute("RELEASE report");
  } catch (const std::exception&) {
    // Nothing was written.
  }
}

BatchRow Recorded::batch(const std::optional<std::string>& name) const {
  Statement rows = database_.prepare(
      fmt::format("{} WHERE ?1 OR name = ?2 ORDER BY begun DESC, rowid DESC LIMIT 1", kBatches)
          .c_str());
  const std::string wanted = name.value_or("");
  rows << std::int64_t{!name} << std::string_view(wanted);
  if (rows.step()) return batch_row(rows);
  const std::string names = names_in(database_);
  if (!name) throw std::runtime_error(database_.name() + " has no batch");
  throw std::runtime_error(
      fmt::format("{} has no batch {}; {}", database_.name(), wanted,
                  names.empty() ? "none has a name; leave it out" : "there is: " + names));
}

BatchRow Recorded::batch(BatchId id) const {
  Statement rows = database_.prepare(fmt::format("{} WHERE id = ?1", kBatches).c_str());
  rows << key(id);
  if (!rows.step()) throw std::runtime_error(database_.name() + " does not have the batch");
  return batch_row(rows);
}

std::uint64_t Recorded::batches() const {
  Statement count = database_.prepare("SELECT count(*) FROM batch");
  count.step();
  return static_cast<std::uint64_t>(count.integer(0));
}

Recorded::All Recorded::all(BatchId id) const {
  Statement rows = database_.prepare(kAttempts);
  rows << key(id);
  All all;
  Names workers;
  Names outcomes;
  while (rows.step()) {
    const std::string_view outcome = rows.text(4);
    if (outcome == "lost") ++all.lost;
    if (outcome == "lost" || outcome == "skipped") continue;
    Attempt attempt = attempt_of(rows);
    attempt.outcome = static_cast<std::uint8_t>(outcomes.number(outcome));
    attempt.worker = workers.number(rows.text(1));
    all.attempts.push_back(attempt);
  }
  all.workers = workers.names();
  all.outcomes = outcomes.names();
  number_by_name(all);
  return all;
}

std::vector<Trouble> Recorded::failed(BatchId id, std::uint64_t most,
                                      std::size_t most_errors) const {
  return troubles(database_.prepare(kFailed), id, most, most_errors);
}

std::vector<Trouble> Recorded::superseded(BatchId id, std::uint64_t most) const {
  return troubles(database_.prepare(kSuperseded), id, most, 0);
}

std::map<TaskId, std::string> Recorded::texts(BatchId id, std::size_t most) const {
  std::map<TaskId, std::string> texts;
  for (const char* const sql :
       {"SELECT task, text FROM recorded_task WHERE batch = ?1 ORDER BY task",
        "SELECT task, text FROM superseded WHERE batch = ?1"}) {
    Statement rows = database_.prepare(sql);
    rows << key(id);
    while (rows.step()) {
      const auto task = static_cast<TaskId>(rows.integer(0));
      texts.try_emplace(texts.end(), task, shortened(rows.text(1), most));
    }
  }
  return texts;
}

std::string Recorded::text(BatchId id, TaskId task, std::size_t most) const {
  for (const char* const sql : {"SELECT text FROM recorded_task WHERE batch = ?1 AND task = ?2",
                                "SELECT text FROM superseded WHERE batch = ?1 AND task = ?2"}) {
    Statement row = database_.prepare(sql);
    row << key(id) << static_cast<std::int64_t>(task);
    if (row.step()) return shortened(row.text(0), most);
  }
  return {};
}

}  // namespace divvy::report
