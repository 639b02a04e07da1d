// Results of tasks that have lost too many workers.
#pragma once

#include <map>
#include <string>
#include <utility>

#include "common/connection.hpp"
#include "divvy/protocol.hpp"

namespace divvy::ventilator {

/// They are kept until their receipts come, as a worker keeps its results.
class LostResults {
 public:
  void add(TaskId id, std::string frame) { results_[id] = {.frame = std::move(frame)}; }
  /// They have receipts.
  void settle(Range ids) {
    results_.erase(results_.lower_bound(ids.first), results_.lower_bound(ids.end()));
  }
  /// What was sent may be lost with a connection.
  void resend_all() {
    for (auto& [id, result] : results_) result.sent = false;
  }
  /// What a sink that is far behind has no room for is sent later.
  void send(Connection& sink) {
    for (auto& [id, result] : results_) {
      if (!result.sent) result.sent = sink.send(result.frame);
    }
  }

 private:
  struct LostResult {
    std::string frame{};
    bool sent = false;
  };

  std::map<TaskId, LostResult> results_;
};

}  // namespace divvy::ventilator
