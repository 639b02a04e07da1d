#include "sink/figures.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace divvy::sink {
namespace {

using namespace std::chrono;

constexpr int kSummaryVersion = 1;

// Longer than anything takes, and short enough for any integer.
constexpr Seconds kForEver(1e12);

double ratio(Seconds part, Seconds whole) { return whole.count() == 0 ? 0 : part / whole; }

nlohmann::ordered_json to_json(const std::string& name, const WorkerFigures& worker,
                               Seconds elapsed) {
  return {{"name", name},
          {"tasks", worker.tasks},
          {"failed", worker.failed},
          {"busy_seconds", worker.busy.count()},
          {"busy", ratio(worker.busy, elapsed)},
          {"mean_seconds", worker.mean().count()},
          {"longest_seconds", worker.longest.count()}};
}

}  // namespace

void Figures::add(std::string_view worker, std::uint64_t count, const Result& result) {
  if (result.outcome == Outcome::lost) return;  // nobody's work
  const Seconds took = nanoseconds(result.ended - result.started);
  const auto add_to = [&](WorkerFigures& sum) {
    sum.tasks += count;
    sum.failed += result.succeeded() ? 0 : count;
    sum.busy += took;
    sum.longest = std::max(sum.longest, took / static_cast<double>(result.ids.count));
  };
  add_to(all);
  const auto known = workers.find(worker);
  if (known != workers.end()) return add_to(known->second);
  if (workers.size() < kMaxWorkers) add_to(workers[std::string(worker)]);
}

double Figures::speed_up() const { return ratio(all.busy, elapsed); }

double Figures::efficiency() const {
  return most_slots == 0 ? 0 : speed_up() / static_cast<double>(most_slots);
}

std::optional<Seconds> Figures::time_left() const {
  if (!counted || all.tasks == 0 || slots == 0) return {};
  const auto left = static_cast<double>(tasks - recorded);
  return all.mean() * left / static_cast<double>(slots);
}

std::string clock(Seconds time) {
  const auto whole = duration_cast<seconds>(std::min(time, kForEver)).count();
  if (whole < 3600) return fmt::format("{}:{:02}", whole / 60, whole % 60);
  return fmt::format("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60);
}

std::string duration(Seconds time) {
  const double seconds = time.count();
  if (seconds < 0.01) return fmt::format("{:.2f} ms", seconds * 1e3);
  if (seconds < 1) return fmt::format("{:.0f} ms", seconds * 1e3);
  if (seconds < 60) return fmt::format("{:.2f} s", seconds);
  return clock(time);
}

std::string table(const Figures& figures, std::size_t most_workers) {
  std::string text =
      fmt::format("{} tasks, {} failed, {} retried, {} duplicates\n", figures.recorded,
                  figures.failed, figures.retried, figures.duplicates);
  if (figures.workers.empty()) return text;
  text += fmt::format("{} of work in {}: speed-up {:.2f}, efficiency {:.0f}% of {} slots\n",
                      duration(figures.all.busy), duration(figures.elapsed), figures.speed_up(),
                      figures.efficiency() * 100, figures.most_slots);
  std::size_t width = 6;
  for (const auto& [name, worker] : figures.workers) width = std::max(width, name.size());
  constexpr auto row = "{:<{}}  {:>8} {:>7} {:>6} {:>9} {:>9}\n";
  text += fmt::format(row, "worker", width, "tasks", "failed", "busy", "mean", "longest");
  for (const auto& [name, worker] : figures.workers) {
    if (most_workers-- == 0) {
      text += "... (all of them: --summary)\n";
      break;
    }
    const auto busy = fmt::format("{:.0f}%", ratio(worker.busy, figures.elapsed) * 100);
    text += fmt::format(row, name, width, worker.tasks, worker.failed, busy,
                        duration(worker.mean()), duration(worker.longest));
  }
  return text;
}

std::string json(const Figures& figures) {
  auto workers = nlohmann::ordered_json::array();
  for (const auto& [name, worker] : figures.workers) {
    workers.push_back(to_json(name, worker, figures.elapsed));
  }
  const nlohmann::ordered_json summary{{"version", kSummaryVersion},
                                       {"name", figures.name},
                                       {"complete", figures.complete},
                                       {"tasks", figures.tasks},
                                       {"recorded", figures.recorded},
                                       {"succeeded", figures.recorded - figures.failed},
                                       {"failed", figures.failed},
                                       {"retried", figures.retried},
                                       {"duplicates", figures.duplicates},
                                       {"restored", figures.restored},
                                       {"unknown", figures.unknown()},
                                       {"elapsed_seconds", figures.elapsed.count()},
                                       {"work_seconds", figures.all.busy.count()},
                                       {"slots", figures.most_slots},
                                       {"speed_up", figures.speed_up()},
                                       {"efficiency", figures.efficiency()},
                                       {"workers", workers}};
  // Names come from others and may not be UTF-8.
  return summary.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace divvy::sink
