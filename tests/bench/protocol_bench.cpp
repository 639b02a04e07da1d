// What it costs to write and to read a message of 1, 100 and 10,000 tasks.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "divvy/protocol.hpp"

namespace divvy {
namespace {

std::string texts(std::int64_t count) {
  std::string packed;
  for (std::int64_t i = 0; i < count; ++i) append_text(packed, "photos/2023/0042.jpg");
  return packed;
}

// The tasks of a lane are one run, results and receipts one a task: the best case and the worst.

Lane make(const Lane& /*kind*/, std::int64_t count, std::string_view packed) {
  return {.worker = WorkerId{1},
          .ventilator = VentilatorId{1},
          .sequence = 1,
          .tasks = {{.ids = {1, static_cast<std::uint64_t>(count)}, .texts = packed}}};
}

Results make(const Results& /*kind*/, std::int64_t count, std::string_view packed) {
  const std::string_view text = packed.substr(0, packed.size() / static_cast<std::size_t>(count));
  static const std::string output(200, 'o');
  Results results;
  results.name = "host:1";
  for (std::int64_t i = 1; i <= count; ++i) {
    results.results.push_back({.ids = {static_cast<TaskId>(i), 1},
                               .outcome = Outcome::exited,
                               .started = 1,
                               .ended = 2,
                               .texts = text,
                               .output = output});
  }
  return results;
}

Receipts make(const Receipts& /*kind*/, std::int64_t count, std::string_view /*packed*/) {
  Receipts receipts{.ventilator = VentilatorId{1}};
  for (std::int64_t i = 1; i <= count; ++i) {
    receipts.receipts.push_back(
        {.worker = WorkerId{1}, .ids = {static_cast<TaskId>(i), 1}, .duration = 1});
  }
  return receipts;
}

template <class Message>
void encode_message(benchmark::State& state) {
  const std::string packed = texts(state.range(0));
  const Message message = make(Message{}, state.range(0), packed);
  for (auto _ : state) benchmark::DoNotOptimize(encode(message));
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

template <class Message>
void decode_message(benchmark::State& state) {
  const std::string packed = texts(state.range(0));
  const std::string frame = encode(make(Message{}, state.range(0), packed));
  for (auto _ : state) {
    const auto message = decode<Message>(frame);
    if (!message) return state.SkipWithError("it cannot be decoded");
    benchmark::DoNotOptimize(message);
  }
  state.SetItemsProcessed(state.iterations() * state.range(0));
}

void tasks(benchmark::internal::Benchmark* each) {
  each->ArgName("tasks")->Arg(1)->Arg(100)->Arg(10'000);
}

BENCHMARK_TEMPLATE(encode_message, Lane)->Apply(tasks);
BENCHMARK_TEMPLATE(decode_message, Lane)->Apply(tasks);
BENCHMARK_TEMPLATE(encode_message, Results)->Apply(tasks);
BENCHMARK_TEMPLATE(decode_message, Results)->Apply(tasks);
BENCHMARK_TEMPLATE(encode_message, Receipts)->Apply(tasks);
BENCHMARK_TEMPLATE(decode_message, Receipts)->Apply(tasks);

}  // namespace
}  // namespace divvy
