// The worker: takes tasks from its inbox, has its Executor run them in its slots, and sends the
// results to the sink.
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "common/connection.hpp"
#include "common/event_loop.hpp"
#include "common/host.hpp"
#include "common/log.hpp"
#include "common/waiting.hpp"
#include "divvy/endpoints.hpp"
#include "worker/executor.hpp"
#include "worker/lane_source.hpp"
#include "worker/rules/holdings.hpp"

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
    std::optional<PortRange> lanes{};  // the ventilator's, where this worker opens one; none: it listens
    std::string inbox{};     // endpoint; empty: chosen beside the feedback endpoint
    std::string key{};       // file; empty: none
    std::string name{};      // for people
    std::string pool{};      // whose ventilators it works for; empty: those of none
    std::string command{};   // what it runs, for people
    bool workloads = false;  // tasks are milliseconds to sleep
    Verbosity verbosity{};
  };

  Worker(Settings settings, std::unique_ptr<Executor> executor);

  /// Serves ventilators until the user asks to stop. Returns the exit status.
  int run();

 private:
  enum class Phase {
    serving,
    leaving,      // waits for running tasks and the receipts of results
    leaving_now,  // ends running tasks
  };

  void wait();
  void stop(int times);
  void receive();
  void receive(const zmq::message_t& message);
  void receive_lane(const Lane& lane);
  void receive_plain(std::string_view task);
  void fill_slots();
  std::uint64_t room();
  Chunk next_tasks(std::uint64_t most);
  void take_back();
  void put_back(Chunk tasks);
  void tell_shortage(const std::string& limit);
  void collect_ended();
  void finish(EndedChunk ended);
  void finish_plain(const EndedChunk& ended);
  void send_results();
  void send_live_output();
  bool is_worth_telling(const LaneSource::Place& place, VentilatorId ventilator, Time now);
  void send_presence(Time now);
  void note_connections();
  void tell_who_is_missing(Time now);

  bool results_due();
  [[nodiscard]] bool live_output_due() const;
  [[nodiscard]] bool has_room_for_plain() const;
  [[nodiscard]] std::uint32_t offered_slots() const;
  [[nodiscard]] bool finished(Time now);

  Settings settings_;
  Log log_;
  WorkerId self_;

  EventLoop loop_;
  Context context_;
  std::unique_ptr<LaneSource> lane_;
  Connection plain_tasks_;  // the guide's ventilator
  Connection feedback_;
  Connection results_;

  std::unique_ptr<Executor> executor_;
  Holdings holdings_;
  std::optional<std::string> unsent_results_;  // a message that the sink had no room for yet
  std::optional<Time> send_at_;                // when results are sent at the latest
  std::optional<Time> live_at_;                // when lines of running tasks are sent
  std::deque<std::string> plain_queue_;
  std::uint64_t plain_completions_ = 0;  // that are still to be sent
  bool shortage_told_ = false;

  Time presence_at_;
  bool greeted_ = false;  // by the ventilator, since we have connected to it, on this lane
  std::optional<Time> without_lane_since_;
  Waiting waiting_for_ventilator_;
  Waiting waiting_for_sink_;
  Phase phase_ = Phase::serving;
  std::optional<Time> leave_at_;  // at the latest
};

}  // namespace divvy::worker
