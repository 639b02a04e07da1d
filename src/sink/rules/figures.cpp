#include "sink/rules/figures.hpp"

namespace divvy::sink {
void Figures::add(std::string_view worker, std::uint64_t count, const Result& result) {
  if (result.outcome == Outcome::lost) return;  // no worker ran it to its end
  const Seconds took = std::chrono::nanoseconds(result.ended - result.started);
  const auto add_to = [&](WorkerFigures& sum) {
    sum.tasks += count;
    sum.failed += result.succeeded() ? 0 : count;
    sum.work += took;
    sum.longest = std::max(sum.longest, took / static_cast<double>(result.ids.count));
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

std::optional<Seconds> Figures::time_left() const {
  if (!counted || all.tasks == 0 || slots == 0) return {};
  const auto left = static_cast<double>(tasks - std::min(recorded, tasks));
  return all.mean() * left / static_cast<double>(slots);
}

}  // namespace divvy::sink
