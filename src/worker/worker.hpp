// The worker: has its Executor run the tasks of a pipeline in its slots.
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "common/event_loop.hpp"
#include "common/host.hpp"
#include "common/log.hpp"
#include "worker/executor.hpp"
#include "worker/lifeline.hpp"
#include "worker/pipeline.hpp"
#include "worker/ready_file.hpp"
#include "worker/rules/idleness.hpp"

namespace divvy::worker {

inline constexpr Uses kConnectsToAll{
    .tasks = Use::connect, .results = Use::connect, .feedback = Use::connect};

/// "HOST:PID", which no other worker is called that runs now; in a container, where other workers
/// may have both in common, with something random behind it.
std::string default_name();

class Worker {
 public:
  struct Settings {
    std::string key{};                             // file; empty: none
    std::optional<Time::duration> idle_timeout{};  // leave after so long without a task
    std::optional<Lifeline> lifeline{};            // when it is cut the worker leaves at once
    std::string ready_file{};                      // empty: none
  };

  Worker(Settings settings, Pipeline::Settings pipeline, std::unique_ptr<Executor> executor);

  /// Serves ventilators until the user asks to stop, or it was idle for too long. Returns the exit
  /// status.
  int run();

 private:
  enum class Phase {
    serving,
    leaving,      // waits for running tasks and the receipts of results
    leaving_now,  // ends running tasks
  };

  void wait();
  void stop(int times);
  void leave_if_idle(Time now);
  void receive();
  void fill_slots();
  std::uint64_t room();
  void tell_shortage(const std::string& limit);
  void collect_ended();
  void finish(EndedChunk ended);
  void send_presence(Time now);

  [[nodiscard]] std::uint32_t offered_slots() const;
  [[nodiscard]] bool finished(Time now);

  Verbosity verbosity_;
  Log log_;
  EventLoop loop_;
  Context context_;
  std::unique_ptr<Executor> executor_;
  Pipeline pipeline_;
  bool shortage_told_ = false;

  Phase phase_ = Phase::serving;
  std::optional<Time> leave_at_;  // at the latest
  Idleness idleness_;
  std::optional<Lifeline> lifeline_;
  ReadyFile ready_file_;
};

}  // namespace divvy::worker
