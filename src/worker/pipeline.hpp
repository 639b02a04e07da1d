// One ventilator and its sink, as a worker knows them: what it hears from them, holds for them and
// says to them.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <zmq.hpp>

#include "common/clock.hpp"
#include "common/connection.hpp"
#include "common/context.hpp"
#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/waiting.hpp"
#include "divvy/endpoints.hpp"
#include "worker/executor.hpp"
#include "worker/lane_source.hpp"
#include "worker/rules/fair_slots.hpp"
#include "worker/rules/holdings.hpp"

namespace divvy::worker {

class Pipeline {
 public:
  struct Settings {
    Endpoints endpoints{};
    std::optional<PortRange> lanes{};  // the ventilator's, of which it takes one; none: it listens
    std::string inbox{};               // endpoint; empty: chosen beside the feedback endpoint
    std::string name{};                // of the worker, for people
    std::string pool{};                // whose ventilators it works for; empty: those of none
    std::string command{};             // what it runs, for people
    bool workloads = false;            // tasks are milliseconds to sleep
    std::string label{};               // tells it from others, for people; empty: there are none
    Verbosity verbosity{};
  };

  /// `context` and `executor` must outlive it. Throws std::runtime_error, with a line for the user,
  /// if it cannot listen or connect.
  Pipeline(Context& context, Settings settings, Executor& executor);

  void add_to(EventLoop& loop);
  /// What became of connections since the last call. To be called in each turn.
  void note_connections();
  /// Acts on the next message; false: there is none.
  bool receive();

  /// From now on it takes no tasks, and what was not begun is given back.
  void leave();
  /// What may be started at once, and what was. With too many results that are not settled nothing
  /// may be.
  [[nodiscard]] FairSlots::Tasks tasks() const;
  /// Whether the results of all tasks that have ended are settled.
  [[nodiscard]] bool all_said() const;
  /// Whether it holds nothing at all.
  [[nodiscard]] bool idle() const;

  /// The next tasks, consecutive and at most `most`, from now on running; none if none is queued.
  Chunk next_tasks(std::uint64_t most);
  /// Takes those that the executor has not begun back from it.
  void take_back();
  /// They were not begun.
  void put_back(Chunk tasks);
  /// What becomes of tasks that have ended. `interrupted`: the worker has killed them because it
  /// leaves.
  void finish(EndedChunk ended, bool interrupted);
  /// How many workloads of no time were done since the last call.
  std::uint64_t take_instant() { return holdings_.take_instant(); }
  /// Whether the results that are not settled are so many that no more tasks should be started.
  [[nodiscard]] bool is_full() const;

  /// As its ventilator knows it, and in the origin of its tasks.
  [[nodiscard]] WorkerId id() const { return self_; }
  [[nodiscard]] const Endpoints& endpoints() const { return settings_.endpoints; }

  /// Whether its ventilator knows the worker, and the sink can be told.
  [[nodiscard]] bool is_ready() const { return found_ventilator() && results_.connected(); }

  void send_results();
  void send_live_output();
  /// What it says of itself has changed: that is due at once.
  void state_anew() { presence_at_ = now(); }
  [[nodiscard]] bool presence_due(Time now) const { return now >= presence_at_; }
  /// `slots`: that its tasks may have. Plain ones, and those of an earlier batch, still occupy some
  /// of them.
  void send_presence(std::uint32_t slots, Time now);
  void tell_who_is_missing(Time now);

 private:
  void receive(const zmq::message_t& message);
  void receive_lane(const Lane& lane);
  void receive_plain(std::string_view task);
  void finish_plain(const EndedChunk& ended);
  [[nodiscard]] bool is_worth_telling(const Presence& presence, Time now);
  [[nodiscard]] bool found_ventilator() const;
  bool results_due();
  [[nodiscard]] bool live_output_due() const;
  [[nodiscard]] bool has_room_for_plain() const;
  [[nodiscard]] Executor::Which of_batch() const;
  [[nodiscard]] std::uint32_t offered(std::uint32_t slots) const;

  Settings settings_;
  Log log_;
  WorkerId self_;

  std::unique_ptr<LaneSource> lane_;
  Connection plain_tasks_;  // the guide's ventilator
  Connection feedback_;
  Connection results_;

  Executor& executor_;
  Holdings holdings_;
  std::optional<std::string> unsent_results_;  // a message that the sink had no room for yet
  std::optional<Time> send_at_;                // when results are sent at the latest
  std::optional<Time> live_at_;                // when lines of running tasks are sent
  std::deque<std::string> plain_queue_;
  std::uint64_t plain_running_ = 0;
  std::uint64_t plain_completions_ = 0;  // that are still to be sent

  Time presence_at_;
  bool greeted_ = false;  // by the ventilator, since we have connected to it, and on this lane
  std::optional<Time> without_lane_since_;
  bool leaving_ = false;
  Waiting waiting_for_ventilator_;
  Waiting waiting_for_sink_;
};

}  // namespace divvy::worker
