// What handing out a task costs the dispatch policy: it must depend neither on the number of
// workers nor on that of tasks.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <random>
#include <utility>
#include <vector>

#include "ventilator/dispatch.hpp"

namespace divvy::ventilator {
namespace {

constexpr VentilatorId kSelf{1};
constexpr BatchId kBatch{2};

// A batch, of which half is run: how one ends is another question. Workers answer in any order.
class Batch {
 public:
  Batch(std::uint64_t workers, std::uint64_t tasks) : dispatch_({kSelf, kBatch, workers}) {
    dispatch_.input(2 * tasks);
    dispatch_.sink_ready();
    for (std::uint64_t i = 1; i <= workers; ++i) {
      Presence presence;
      presence.worker = WorkerId{i};
      presence.slots = 1;
      dispatch_.presence(presence, "inbox", now_);
      presence.ventilator = kSelf;
      presence.sequence = dispatch_.decide(now_).send.at(0).sequence;
      dispatch_.presence(presence, "inbox", now_);
    }
    carry_out();
  }

  /// Runs a portion, each task of which takes `busy` nanoseconds; returns how many tasks that were.
  std::uint64_t step(std::uint64_t busy) {
    std::swap(held_[random_() % held_.size()], held_.back());
    const auto [worker, portion] = held_.back();
    held_.pop_back();
    const std::uint64_t count = portion.ids.count;
    dispatch_.receipt({worker, portion.ids, portion.attempt, Verdict::succeeded, count * busy, 0},
                      now_);
    carry_out();
    return count;
  }

 private:
  void carry_out() {
    for (const Order& order : dispatch_.decide(now_).send) {
      for (const Portion& portion : order.tasks) held_.emplace_back(order.worker, portion);
    }
  }

  Time now_;
  Dispatch dispatch_;
  std::minstd_rand random_;
  std::vector<std::pair<WorkerId, Portion>> held_;
};

void hand_out(benchmark::State& state, std::uint64_t busy) {
  const auto workers = static_cast<std::uint64_t>(state.range(0));
  const auto tasks = static_cast<std::uint64_t>(state.range(1));
  for (auto _ : state) {
    state.PauseTiming();
    Batch batch(workers, tasks);
    state.ResumeTiming();
    for (std::uint64_t done = 0; done < tasks;) done += batch.step(busy);
  }
  state.SetItemsProcessed(state.iterations() * state.range(1));
}

void arguments(benchmark::internal::Benchmark* each) {
  each->ArgNames({"workers", "tasks"})->Unit(benchmark::kMillisecond);
  each->ArgsProduct({{10, 100, 1000}, {20'000, 200'000}});
}

BENCHMARK_CAPTURE(hand_out, tasks_of_50_ms, 50'000'000)->Apply(arguments);
BENCHMARK_CAPTURE(hand_out, tasks_of_1_ms, 1'000'000)->Apply(arguments);
BENCHMARK_CAPTURE(hand_out, tasks_of_no_time, 100)->Apply(arguments);

}  // namespace
}  // namespace divvy::ventilator
