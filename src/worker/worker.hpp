// The worker: takes tasks from its inbox, has its Runner run them in its slots, and sends the
// results to the sink.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <zmq.hpp>

#include "common/connection.hpp"
#include "common/event_loop.hpp"
#include "common/host.hpp"
#include "common/listener.hpp"
#include "common/log.hpp"
#include "common/waiting.hpp"
#include "divvy/endpoints.hpp"
#include "worker/rules/capacity.hpp"
#include "worker/rules/holdings.hpp"
#include "worker/rules/slots.hpp"
#include "worker/runner.hpp"

namespace divvy::worker {

inline constexpr Uses kConnectsToAll{
    .tasks = Use::connect, .results = Use::connect, .feedback = Use::connect};

/// "HOST:PID", which no other worker is called that runs now; in a container, where other workers
/// may have both in common, with something random behind it.
std::string default_name();

class Worker {
 public:
  struct Settings {
    Endpoints endpoints{};
    std::string inbox{};    // endpoint; empty: chosen beside the feedback endpoint
    std::string key{};      // file; empty: none
    std::string name{};     // for people
    std::string pool{};     // whose ventilators it works for; empty: those of none
    std::string command{};  // what it runs, for people
    std::uint32_t slots = 1;
    std::uint32_t first_slot = 1;
    bool workloads = false;  // tasks are milliseconds to sleep
    Verbosity verbosity{};
  };

  Worker(Settings settings, std::unique_ptr<Runner> runner);

  /// Serves ventilators until the user asks to stop. Returns the exit status.
  int run();

 private:
  enum class Phase {
    serving,
    leaving,      // waits for running tasks and the receipts of results
    leaving_now,  // ends running tasks
  };

  /// A task in a slot. A plain one came from the guide's ventilator, or one like it.
  struct Running {
    Task task{};
    bool plain = false;
    std::uint32_t slot = 1;
    std::int64_t started_utc = 0;
    Time started{};
  };

  void wait();
  void stop(int times);
  void receive();
  void receive(const zmq::message_t& message);
  void receive_lane(const Lane& lane);
  void receive_plain(std::string_view task);
  [[nodiscard]] std::unordered_set<std::uint64_t> keys_of(
      const std::function<bool(const Running&)>& which) const;
  void fill_slots();
  bool start(Task task, bool plain);
  void put_back(Running run);
  void tell_shortage(const std::string& limit);
  void collect_ended();
  void finish(const Running& run, const Ended& ended);
  void finish_plain(const Ended& ended);
  void send_results();
  void send_presence(Time now);
  void note_connections();
  void tell_who_is_missing(Time now);

  bool results_due();
  [[nodiscard]] bool has_room_for_plain() const;
  [[nodiscard]] bool may_start() const;
  [[nodiscard]] std::uint32_t offered_slots() const;
  [[nodiscard]] bool finished(Time now);

  Settings settings_;
  Log log_;
  WorkerId self_;

  EventLoop loop_;
  Context context_;
  Listener inbox_;          // lanes
  Connection plain_tasks_;  // the guide's ventilator
  Connection feedback_;
  Connection results_;

  std::unique_ptr<Runner> runner_;
  Holdings holdings_;
  std::optional<std::string> unsent_results_;  // a message that the sink had no room for yet
  std::optional<Time> send_at_;                // when results are sent at the latest
  std::deque<std::string> plain_queue_;
  std::uint64_t plain_completions_ = 0;                 // that are still to be sent
  std::unordered_map<std::uint64_t, Running> running_;  // by the key of the execution
  std::uint64_t last_key_ = 0;
  Slots slots_;
  Capacity capacity_;
  bool shortage_told_ = false;

  Time presence_at_;
  bool greeted_ = false;  // by the ventilator, since we have connected to it
  Waiting waiting_for_ventilator_;
  Waiting waiting_for_sink_;
  Phase phase_ = Phase::serving;
  std::optional<Time> leave_at_;  // at the latest
};

}  // namespace divvy::worker
