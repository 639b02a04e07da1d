// What handing out a task costs the dispatch policy: it must depend neither on the number of
// workers nor on that of tasks.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "common/time.hpp"
#include "divvy/protocol.hpp"
#include "ventilator/rules/dispatch.hpp"

namespace divvy::ventilator {
namespace {

constexpr VentilatorId kSelf{1};
constexpr BatchId kBatch{2};

// A batch, of which half is run: how one ends is another question. Workers answer in any order.
class Batch {
 public:
  Batch(std::uint64_t workers, std::uint64_t tasks)
      : dispatch_(kSelf, kBatch, {.workers_wanted = workers}) {
    dispatch_.input(2 * tasks);
    dispatch_.allow_start();
    for (std::uint64_t i = 1; i <= workers; ++i) {
      Presence presence{.worker = WorkerId{i}, .slots = 1, .reaches_sink = true};
      dispatch_.presence(presence, "inbox", now_);
      presence.ventilator = kSelf;
      presence.sequence = dispatch_.decide(now_).send.at(0).sequence;
      dispatch_.presence(presence, "inbox", now_);
    }
    carry_out();
  }

  /// A result of at most `together` tasks, each of which takes so many nanoseconds, and what is
  /// decided then; returns how many tasks that were.
  std::uint64_t step(std::uint64_t duration, std::uint64_t together) {
    std::swap(held_[random_() % held_.size()], held_.back());
    auto& [worker, assignment] = held_.back();
    const Range ids{assignment.ids.first, std::min(together, assignment.ids.count)};
    const Receipt receipt{.worker = worker,
                          .ids = ids,
                          .attempt = assignment.attempt,
                          .duration = ids.count * duration};
    assignment.ids = {ids.end(), assignment.ids.count - ids.count};
    if (assignment.ids.count == 0) held_.pop_back();
    dispatch_.receipt(receipt, now_);
    carry_out();
    return ids.count;
  }

 private:
  void carry_out() {
    const Orders orders = dispatch_.decide(now_);
    for (const Lane& lane : orders.send) {
      for (const Assignment& assignment : lane.tasks) held_.emplace_back(lane.worker, assignment);
    }
  }

  Time now_;
  Dispatch dispatch_;
  std::minstd_rand random_;
  std::vector<std::pair<WorkerId, Assignment>> held_;
};

void hand_out(benchmark::State& state, std::uint64_t duration, std::uint64_t together) {
  const auto workers = static_cast<std::uint64_t>(state.range(0));
  const auto tasks = static_cast<std::uint64_t>(state.range(1));
  for (auto _ : state) {
    state.PauseTiming();
    Batch batch(workers, tasks);
    state.ResumeTiming();
    for (std::uint64_t done = 0; done < tasks;) done += batch.step(duration, together);
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
}

void arguments(benchmark::internal::Benchmark* each) {
  each->ArgNames({"workers", "tasks"})->Unit(benchmark::kMillisecond);
  each->ArgsProduct({{10, 100, 1000, 10'000}, {20'000, 200'000}});
}

// Once a second, beside all that.
void foresee(benchmark::State& state) {
  TaskLengths ended;
  for (int i = 1; i < 1000; ++i) ended.add(i, 1);
  RemainingWork work{.more = static_cast<double>(state.range(1)),
                     .slots = static_cast<double>(state.range(0))};
  work.running.resize(static_cast<std::size_t>(state.range(0)), {.age = 5});
  const std::vector<double> ages(work.running.size(), 5);
  for (auto _ : state) benchmark::DoNotOptimize(remaining_time(work, {ended, ages}));
}

BENCHMARK(foresee)
    ->ArgNames({"slots", "tasks"})
    ->Unit(benchmark::kMicrosecond)
    ->ArgsProduct({{4, 1000}, {10, 1'000'000}});

// Of brief tasks a worker tells of those together that end within 10 ms, or that it runs together.
BENCHMARK_CAPTURE(hand_out, tasks_of_50_ms, 50'000'000, 1)->Apply(arguments);
BENCHMARK_CAPTURE(hand_out, tasks_of_1_ms, 1'000'000, 10)->Apply(arguments);
BENCHMARK_CAPTURE(hand_out, tasks_of_no_time, 100, 1000)->Apply(arguments);

}  // namespace
}  // namespace divvy::ventilator
