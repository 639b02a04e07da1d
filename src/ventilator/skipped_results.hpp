// Tasks that are not run, since their texts have succeeded before.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "common/connection.hpp"
#include "common/range_set.hpp"
#include "divvy/protocol.hpp"

namespace divvy::ventilator {

/// The sink is told of them, of all of them again on each new connection.
class SkippedResults {
 public:
  /// With ids above those that were added before.
  void add(Range ids) { ids_.insert(ids); }
  void resend_all() { next_ = 1; }
  [[nodiscard]] bool all_sent() const { return ids_.next_run(next_).count == 0; }

  /// What a sink that is far behind has no room for is sent later.
  void send(Connection& sink, BatchId batch) {
    while (!all_sent()) {
      auto [results, next] = next_results();
      const Results message{.name = "ventilator", .batch = batch, .results = std::move(results)};
      if (!sink.send(encode(message))) return;
      next_ = next;
    }
  }

 private:
  [[nodiscard]] std::pair<std::vector<Result>, TaskId> next_results() const {
    constexpr std::size_t together = 4096;
    std::vector<Result> results;
    TaskId next = next_;
    for (Range run = ids_.next_run(next); run.count > 0 && results.size() < together;
         run = ids_.next_run(next)) {
      results.push_back({.ids = run, .outcome = Outcome::skipped});
      next = run.end();
    }
    return {std::move(results), next};
  }

  RangeSet ids_;
  TaskId next_ = 1;  // those below were sent
};

}  // namespace divvy::ventilator
