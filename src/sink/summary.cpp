#include "sink/summary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "common/plural.hpp"
#include "sink/duration_text.hpp"
#include "sink/size_text.hpp"

namespace divvy::sink {
namespace {

constexpr int kSummaryVersion = 1;

nlohmann::ordered_json to_json(const std::string& name, const WorkerFigures& worker,
                               Seconds elapsed) {
  return {{"name", name},
          {"tasks", worker.tasks},
          {"failed", worker.failed},
          {"attempts", worker.attempts},
          {"busy_seconds", worker.work.count()},
          {"busy", worker.slots_used(elapsed)},
          {"mean_seconds", worker.mean().count()},
          {"longest_seconds", worker.longest.count()},
          {"cpu_seconds", worker.cpu.count()},
          {"cores_used", worker.cores_used(elapsed)},
          {"max_rss_bytes", worker.max_rss}};
}

// There may have been more of them for a part of the time only.
std::string slots_text(double mean) {
  const auto whole = static_cast<std::uint64_t>(std::llround(mean));
  const bool always = std::abs(mean - static_cast<double>(whole)) < 0.05;
  return always ? plural(whole, "slot") : fmt::format("{:.1f} slots", mean);
}

// Without what nobody has measured.
std::string usage_line(const Figures& figures) {
  const WorkerFigures& all = figures.all;
  std::string line = fmt::format("{} of work in {}: {:.1f} of {} busy", duration_text(all.work),
                                 duration_text(figures.elapsed), all.slots_used(figures.elapsed),
                                 slots_text(figures.mean_slots));
  if (all.cpu.count() > 0) {
    line += fmt::format(", {:.1f} cores used", all.cores_used(figures.elapsed));
  }
  if (all.max_rss > 0) line += ", largest task " + size_text(all.max_rss);
  return line + "\n";
}

[[noreturn]] void fail_to_write(const std::string& path) {
  throw std::runtime_error(fmt::format("cannot write {}: {}", path, std::strerror(errno)));
}

}  // namespace

std::string table(const Figures& figures, std::size_t most_workers) {
  std::string text =
      fmt::format("{}, {} failed, {} retried, {}", plural(figures.recorded, "task"), figures.failed,
                  figures.retried, plural(figures.duplicates, "duplicate"));
  text += figures.skipped > 0 ? fmt::format(", {} skipped\n", figures.skipped) : "\n";
  if (figures.workers.empty()) return text;
  text += usage_line(figures);
  std::size_t width = 6;
  for (const auto& [name, worker] : figures.workers) width = std::max(width, name.size());
  constexpr auto row = "{:<{}}  {:>8} {:>7} {:>6} {:>9} {:>9}\n";
  text += fmt::format(row, "worker", width, "tasks", "failed", "busy", "mean", "longest");
  for (const auto& [name, worker] : figures.workers) {
    if (most_workers-- == 0) {
      text += "... (all of them: --summary)\n";
      break;
    }
    const auto busy = fmt::format("{:.0f}%", worker.slots_used(figures.elapsed) * 100);
    text += fmt::format(row, name, width, worker.tasks, worker.failed, busy,
                        duration_text(worker.mean()), duration_text(worker.longest));
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
                                       {"attempts", figures.all.attempts},
                                       {"duplicates", figures.duplicates},
                                       {"restored", figures.restored},
                                       {"skipped", figures.skipped},
                                       {"unknown", figures.unknown()},
                                       {"elapsed_seconds", figures.elapsed.count()},
                                       {"work_seconds", figures.all.work.count()},
                                       {"cpu_seconds", figures.all.cpu.count()},
                                       {"max_rss_bytes", figures.all.max_rss},
                                       {"slots", figures.most_slots},
                                       {"mean_slots", figures.mean_slots},
                                       {"slots_busy", figures.all.slots_used(figures.elapsed)},
                                       {"cores_used", figures.all.cores_used(figures.elapsed)},
                                       {"speed_up", figures.speed_up()},
                                       {"efficiency", figures.efficiency()},
                                       {"workers", workers}};
  // Names come from others and may not be UTF-8.
  return summary.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

void check_summary(const std::string& path) {
  if (path.empty() || path == kStandardOutput) return;
  if (!std::ofstream(path, std::ios::app)) fail_to_write(path);
}

void write_summary(const std::string& path, const Figures& figures) {
  std::ofstream file(path);
  file << json(figures) << std::flush;
  if (!file) fail_to_write(path);
}

}  // namespace divvy::sink
