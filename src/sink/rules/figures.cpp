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

void Figures::add(std::string_view worker, Range ids, const Result& result) {
  if (result.outcome == Outcome::lost) return;  // no worker ran it to its end
  const Took took = how_long(ids, result);
  const auto add_to = [&](WorkerFigures& sum) {
    sum.tasks += ids.count;
    sum.failed += result.succeeded() ? 0 : ids.count;
    sum.work += took.together;
    sum.longest = std::max(sum.longest, took.longest);
  };
  add_to(all);
  const auto known = workers.find(worker);
  if (known != workers.end()) return add_to(known->second);
  if (workers.size() < kMaxWorkerFigures) add_to(workers[std::string(worker)]);
}

double Figures::speed_up() const { return all.slots_used(elapsed); }

double Figures::efficiency() const {
  return most_slots == 0 ? 0 : speed_up() / static_cast<double>(most_slots);
}

}  // namespace divvy::sink
