#include "sink/rules/figures.hpp"

#include <numeric>

namespace divvy::sink {

Took how_long(Range ids, const Result& result) {
  if (result.took.empty()) {
    const Seconds all = std::chrono::nanoseconds(result.ended - result.started);
    const Seconds each = all / static_cast<double>(result.ids.count);
    return {each * static_cast<double>(ids.count), each};
  }
  const auto begin =
      result.took.begin() + static_cast<std::ptrdiff_t>(ids.first - result.ids.first);
  const auto end = begin + static_cast<std::ptrdiff_t>(ids.count);
  const std::chrono::duration<double, std::nano> together(std::accumulate(begin, end, 0.0));
  return {together, std::chrono::nanoseconds(*std::max_element(begin, end))};
}

bool is_of_an_attempt(const Result& result) {
  return result.outcome != Outcome::lost && result.outcome != Outcome::skipped;
}

void Figures::add_to(std::string_view worker, const auto& add) {
  add(all);
  const auto known = workers.find(worker);
  if (known != workers.end()) return add(known->second);
  if (workers.size() < kMaxWorkerFigures) add(workers[std::string(worker)]);
}

void Figures::add_recorded(std::string_view worker, Range ids, const Result& result) {
  if (!is_of_an_attempt(result)) return;  // no worker has it done
  add_to(worker, [&](WorkerFigures& sum) {
    sum.tasks += ids.count;
    sum.failed += result.succeeded() ? 0 : ids.count;
  });
}

void Figures::add_attempts(std::string_view worker, Range ids, const Result& result) {
  if (!is_of_an_attempt(result)) return;
  const Took took = how_long(ids, result);
  const double part = static_cast<double>(ids.count) / static_cast<double>(result.ids.count);
  const Seconds cpu = part * std::chrono::duration<double, std::nano>(result.cpu);
  add_to(worker, [&](WorkerFigures& sum) {
    sum.attempts += ids.count;
    sum.work += took.together;
    sum.longest = std::max(sum.longest, took.longest);
    sum.cpu += cpu;
    sum.max_rss = std::max(sum.max_rss, result.max_rss);
  });
}

Figures Figures::together(std::span<const Figures* const> batches) {
  Figures sum;
  sum.batches = batches.size();
  sum.counted = sum.stopping = true;
  bool foreseen = true;
  Seconds left{0};
  for (const Figures* const each : batches) {
    sum.tasks += each->known_tasks();
    sum.counted = sum.counted && each->counted;
    sum.stopping = sum.stopping && each->stopping;
    sum.recorded += each->recorded;
    sum.failed += each->failed;
    sum.retried += each->retried;
    sum.busy_slots += each->busy_slots;
    sum.elapsed = std::max(sum.elapsed, each->elapsed);
    foreseen = foreseen && each->time_left;
    left = std::max(left, each->time_left.value_or(left));
  }
  if (foreseen) sum.time_left = left;
  return sum;
}

double Figures::speed_up() const { return all.slots_used(elapsed); }

double Figures::efficiency() const { return mean_slots == 0 ? 0 : speed_up() / mean_slots; }

}  // namespace divvy::sink
