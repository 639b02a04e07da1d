// The worker: has its Executor run the tasks of one or several pipelines in its slots.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/event_loop.hpp"
#include "common/host.hpp"
#include "common/log.hpp"
#include "worker/executor.hpp"
#include "worker/lifeline.hpp"
#include "worker/pipeline.hpp"
#include "worker/prospect.hpp"
#include "worker/ready_file.hpp"
#include "worker/rules/fair_slots.hpp"
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
    bool is_protected = false;                     // by a key, or by the user's word
    std::optional<Time::duration> idle_timeout{};  // leave after so long without a task
    std::optional<Lifeline> lifeline{};            // when it is cut the worker leaves at once
    std::string ready_file{};                      // empty: none
    Verbosity verbosity{};
  };

  /// `pipelines`: one or several, whose slots are shared fairly. Their hosts may have names that
  /// are not known yet. Throws, with a line for the user, std::invalid_argument if others can reach
  /// an endpoint and nothing protects it, and std::runtime_error if it cannot listen or connect.
  Worker(Settings settings, std::vector<Pipeline::Settings> pipelines,
         std::unique_ptr<Executor> executor);

  /// Serves ventilators until the user asks to stop, or it was idle for too long. Returns the exit
  /// status.
  int run();

 private:
  enum class Phase {
    serving,
    leaving,      // waits for running tasks and the receipts of results
    leaving_now,  // ends running tasks
  };

  void expect(Pipeline::Settings pipeline, bool others);
  void admit(Pipeline::Settings pipeline);
  void admit_found();
  void wait();
  void stop(int times);
  void leave_if_idle(Time now);
  void receive();
  void fill_slots();
  std::uint64_t room();
  [[nodiscard]] std::vector<std::uint32_t> occupied_slots() const;
  void tell_shortage(const std::string& limit);
  void collect_ended();
  void finish(EndedChunk ended);
  void send_due_presences(Time now);
  void send_presence(std::size_t pipeline, Time now);

  /// Whether some ventilator's tasks would be run, and their results arrive.
  [[nodiscard]] bool is_ready() const;
  [[nodiscard]] bool finished(Time now);

  Settings settings_;
  Log log_;
  EventLoop loop_;
  Context context_;
  std::unique_ptr<Executor> executor_;
  std::vector<std::unique_ptr<Pipeline>> pipelines_;
  std::vector<Prospect> prospects_;
  FairSlots fair_;  // by the places of pipelines
  bool shortage_told_ = false;

  Phase phase_ = Phase::serving;
  std::optional<Time> leave_at_;  // at the latest
  Idleness idleness_;
  std::optional<Lifeline> lifeline_;
  ReadyFile ready_file_;
};

}  // namespace divvy::worker
