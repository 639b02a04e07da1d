// Figures, for the tests of what shows them.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

#include "divvy/protocol.hpp"
#include "sink/rules/figures.hpp"

namespace divvy::sink {

/// The result of `count` tasks that took so long together.
inline Result took(std::chrono::nanoseconds time, std::uint64_t count = 1) {
  return {.ids = {1, count},
          .outcome = count > 1 ? Outcome::slept : Outcome::exited,
          .started = 1000,
          .ended = 1000 + time.count()};
}

/// The first attempts at all its tasks are recorded.
inline void record(Figures& figures, std::string_view worker, const Result& result) {
  figures.add_recorded(worker, result.ids, result);
  figures.add_attempts(worker, result.ids, result);
}

inline Figures half_done() {
  Figures figures;
  figures.tasks = 100;
  figures.counted = true;
  figures.recorded = 50;
  figures.failed = 2;
  figures.workers_there = 2;
  figures.slots = figures.most_slots = figures.busy_slots = 4;
  figures.mean_slots = 4;
  figures.elapsed = std::chrono::seconds(25);
  figures.time_left = std::chrono::seconds(25);
  figures.oldest = 17;
  figures.oldest_age = std::chrono::seconds(125);
  const Result result = took(std::chrono::seconds(2));
  for (int i = 0; i < 50; ++i) record(figures, i % 2 == 0 ? "a:1" : "b:2", result);
  return figures;
}

/// With the longest times and the highest number of tasks that messages may have.
inline Figures largest() {
  Figures figures = half_done();
  const Result forever{
      .ids = {1, 1}, .outcome = Outcome::exited, .started = 0, .ended = kMaxNanoseconds};
  for (int i = 0; i < 10; ++i) record(figures, "a:1", forever);
  figures.tasks = ~std::uint64_t{0};
  return figures;
}

}  // namespace divvy::sink
