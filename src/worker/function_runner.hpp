// Tasks as calls of a function, in threads.
#pragma once

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "common/descriptor.hpp"
#include "divvy/worker.hpp"
#include "worker/runner.hpp"

namespace divvy::worker {

/// The threads share one queue and one list of ended calls, so many brief tasks need one wake-up.
class FunctionRunner : public Runner {
 public:
  FunctionRunner(Function function, std::uint32_t threads);
  /// Waits for the functions that are running.
  ~FunctionRunner() override;

  NoRoom start(const Execution& execution, Time now) override;
  std::vector<Ended> ended(Time now) override;
  [[nodiscard]] std::optional<int> fd() const override { return ended_event_.get(); }
  [[nodiscard]] bool can_kill() const override { return false; }
  void kill(const std::unordered_set<std::uint64_t>& /*keys*/) override {}

 private:
  struct Call {
    std::uint64_t key = 0;
    std::string text{};
  };

  void run();
  void close();
  [[nodiscard]] Ended call(const Call& call) const;

  Function function_;
  Descriptor ended_event_;  // readable when something has ended
  std::mutex mutex_;        // of these three:
  std::deque<Call> waiting_;
  std::vector<Ended> ended_;
  bool closed_ = false;
  std::condition_variable wake_;
  std::vector<std::thread> threads_;
};

}  // namespace divvy::worker
