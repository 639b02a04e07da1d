#include "report/data.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <set>

#include "report/columns.hpp"
#include "report/rules/course.hpp"
#include "report/rules/histogram.hpp"
#include "report/rules/largest.hpp"
#include "report/rules/timeline.hpp"
#include "report/rules/totals.hpp"
#include "report/rules/waits.hpp"

namespace divvy::report {
namespace {

constexpr int kVersion = 1;
constexpr std::size_t kMostBars = 120'000;
constexpr std::size_t kSteps = 150;         // of the course
constexpr std::size_t kMostListed = 20;     // of what is largest
constexpr std::size_t kMostTroubles = 500;  // failed tasks, other attempts
constexpr std::size_t kMostErrors = 2'000;  // bytes of each failed task's error output
constexpr std::size_t kMostErrorBytes = 500'000;
constexpr std::size_t kMostTexts = 1'500'000;  // bytes of all texts
constexpr std::size_t kLongText = 300;

double seconds(Nanoseconds time) { return std::chrono::duration<double>(time).count(); }

/// A batch's attempts, and what they come to.
class Data {
 public:
  Data(const Recorded& recorded, const BatchRow& batch)
      : recorded_(recorded), batch_(batch), all_(recorded.all(batch.id)) {
    sort_for_timeline(all_.attempts);
    span_ = span_of(attempts());
    totals_ = totals_of(attempts());
    timeline_ = timeline_of(attempts(), kMostBars);
    course_ = course_of(attempts(), kSteps);
  }

  Json json() {
    Json data{{"version", kVersion},
              {"batch", batch()},
              {"origin", seconds(span_.from)},
              {"totals", totals()},
              {"worker_names", all_.workers},
              {"outcomes", all_.outcomes},
              {"workers", workers()},
              {"rows", rows()},
              {"bars", columns_of(timeline_.bars, attempts(), span_.from)},
              {"course", course()},
              {"durations", durations()},
              {"memory", memory()},
              {"idle", idle()},
              {"stalls", stalls()},
              {"tail", tail()},
              {"slowest", by([](const Attempt& a) { return a.took().count(); })},
              {"busiest", by([](const Attempt& a) { return a.cpu.count(); })},
              {"largest", by([](const Attempt& a) { return a.max_rss; })},
              {"failures", failures()},
              {"superseded", troubles(recorded_.superseded(batch_.id, kMostTroubles))}};
    data["texts"] = texts();
    return data;
  }

 private:
  [[nodiscard]] const Attempts& attempts() const { return all_.attempts; }

  [[nodiscard]] double since_origin(Nanoseconds time) const { return seconds(time - span_.from); }

  [[nodiscard]] Json batch() const {
    Json json{{"id", fmt::format("{:016x}", static_cast<std::uint64_t>(batch_.id))},
              {"name", batch_.name},
              {"command", batch_.command},
              {"holder", batch_.holder},
              {"begun", batch_.begun},
              {"finished", nullptr},
              {"tasks", nullptr},
              {"skipped", 0}};
    if (batch_.finished) json["finished"] = *batch_.finished;
    if (batch_.tasks) json["tasks"] = *batch_.tasks;
    if (batch_.skipped) json["skipped"] = *batch_.skipped;
    return json;
  }

  [[nodiscard]] Json totals() const {
    return {{"recorded", totals_.tasks + all_.lost},
            {"failed", totals_.failed + all_.lost},
            {"lost", all_.lost},
            {"attempts", totals_.attempts},
            {"retried", totals_.retried},
            {"interrupted", totals_.interrupted},
            {"duplicates", totals_.duplicates},
            {"strikes", strikes_in(attempts())},
            {"elapsed", seconds(span_.length())},
            {"work", seconds(totals_.work)},
            {"cpu", seconds(totals_.cpu)},
            {"max_rss", totals_.max_rss},
            {"most_at_once", course_.most_at_once}};
  }

  [[nodiscard]] Json workers() const {
    auto table = Json::array();
    for (const Totals& worker : totals_by_worker(attempts(), all_.workers.size())) {
      table.push_back({worker.tasks, worker.failed, worker.attempts, seconds(worker.work),
                       seconds(worker.longest), seconds(worker.cpu), worker.max_rss});
    }
    return table;
  }

  [[nodiscard]] Json rows() const {
    auto rows = Json::array();
    for (const Row& row : timeline_.rows) {
      rows.push_back({row.worker, row.slot, row.attempts, seconds(row.busy)});
    }
    return rows;
  }

  [[nodiscard]] Json course() const {
    auto running = Json::array();
    for (const double value : course_.running) running.push_back(std::round(value * 100) / 100);
    return {{"step", seconds(course_.step)},
            {"running", running},
            {"ended", course_.ended},
            {"failed", course_.failed}};
  }

  [[nodiscard]] static Json histogram(const std::vector<double>& values) {
    const Histogram histogram = histogram_of(values);
    return {{"edges", histogram.edges}, {"counts", histogram.counts}};
  }

  [[nodiscard]] Json durations() const {
    std::vector<double> values;
    for (const Attempt& attempt : attempts()) {
      values.push_back(std::max(seconds(attempt.took()), 1e-6));
    }
    return histogram(values);
  }

  [[nodiscard]] Json memory() const {
    std::vector<double> values;
    for (const Attempt& attempt : attempts()) {
      if (attempt.max_rss > 0) values.push_back(static_cast<double>(attempt.max_rss) / (1 << 20));
    }
    return histogram(values);
  }

  [[nodiscard]] Json idle() const {
    auto list = Json::array();
    for (const Idle& gap : longest_idle(attempts(), timeline_.rows, kMostListed)) {
      list.push_back({gap.row, since_origin(gap.since), since_origin(gap.until)});
    }
    return list;
  }

  [[nodiscard]] Json stalls() {
    auto list = Json::array();
    for (const Stall& stall : longest_stalls(attempts(), kMostListed)) {
      list.push_back({{"since", since_origin(stall.since)}, {"attempt", one(stall.attempt)}});
    }
    return list;
  }

  [[nodiscard]] Json tail() {
    const auto tail = tail_of(attempts(), course_.most_at_once, kMostListed);
    if (!tail) return nullptr;
    auto list = Json::array();
    for (const std::size_t attempt : tail->attempts) list.push_back(one(attempt));
    return {{"since", since_origin(tail->since)}, {"attempts", list}};
  }

  // Those for which the value is largest, and not 0.
  [[nodiscard]] Json by(const auto& value) {
    std::vector<std::size_t> list;
    for (std::size_t i = 0; i < attempts().size(); ++i) {
      if (value(attempts()[i]) > 0) list.push_back(i);
    }
    keep_largest(list, kMostListed, [&](std::size_t i) { return value(attempts()[i]); });
    auto json = Json::array();
    for (const std::size_t i : list) json.push_back(one(i));
    return json;
  }

  // An attempt that is named somewhere; its text is wanted.
  [[nodiscard]] Json one(std::size_t index) {
    const Attempt& attempt = attempts()[index];
    named_.insert(attempt.task);
    return {{"task", attempt.task},
            {"worker", attempt.worker},
            {"slot", attempt.slot},
            {"number", attempt.number},
            {"kind", static_cast<int>(attempt.kind)},
            {"outcome", attempt.outcome},
            {"status", attempt.status},
            {"started", since_origin(attempt.started)},
            {"took", seconds(attempt.took())},
            {"cpu", seconds(attempt.cpu)},
            {"rss", attempt.max_rss}};
  }

  [[nodiscard]] Json failures() const {
    const auto failed = totals_.failed + all_.lost;
    const std::size_t listed = std::min<std::size_t>(failed, kMostTroubles);
    if (listed == 0) return Json::array();
    return troubles(recorded_.failed(batch_.id, kMostTroubles,
                                     std::min(kMostErrors, kMostErrorBytes / listed)));
  }

  [[nodiscard]] Json troubles(const std::vector<Trouble>& list) const {
    auto json = Json::array();
    for (const Trouble& trouble : list) {
      json.push_back({{"task", trouble.task},
                      {"worker", trouble.worker},
                      {"slot", trouble.slot},
                      {"number", trouble.number},
                      {"outcome", trouble.outcome},
                      {"status", trouble.status},
                      {"success", trouble.success},
                      {"started", since_origin(trouble.started)},
                      {"took", seconds(trouble.took)},
                      {"text", trouble.text},
                      {"reason", trouble.reason},
                      {"errors", trouble.errors}});
    }
    return json;
  }

  // Of the tasks that are named, and, if each has a bar, of all, as long as there is room.
  [[nodiscard]] Json texts() const {
    std::map<TaskId, std::string> texts;
    if (timeline_.bars.size() == attempts().size() && !attempts().empty()) {
      const std::size_t room = kMostTexts / attempts().size();
      texts = recorded_.texts(batch_.id, std::clamp<std::size_t>(room, 12, kLongText));
    }
    for (const TaskId task : named_) texts[task] = recorded_.text(batch_.id, task, kLongText);
    Numbers tasks;
    auto values = Json::array();
    std::int64_t last = 0;
    for (auto& [task, text] : texts) {
      const auto number = static_cast<std::int64_t>(task);
      tasks.push_back(number - last);
      values.push_back(std::move(text));
      last = number;
    }
    return {{"task", column(tasks)}, {"text", values}};
  }

  const Recorded& recorded_;
  const BatchRow& batch_;
  Recorded::All all_;
  Span span_;
  Totals totals_;
  Timeline timeline_;
  Course course_;
  std::set<TaskId> named_;
};

// Only texts have it.
std::string without_less_than(const std::string& json) {
  std::string result;
  result.reserve(json.size());
  for (const char byte : json) {
    if (byte == '<') {
      result += "\\u003c";
    } else {
      result += byte;
    }
  }
  return result;
}

}  // namespace

std::string data_of(const Recorded& recorded, const BatchRow& batch) {
  // Texts come from others and may not be UTF-8.
  return without_less_than(
      Data(recorded, batch)
          .json()
          .dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
}

}  // namespace divvy::report
