// The worker: takes tasks from its inbox, runs them in its slots, and sends the results to the
// sink.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <zmq.hpp>

#include "hall/events.hpp"
#include "hall/listening.hpp"
#include "hall/program.hpp"
#include "hall/sockets.hpp"
#include "worker/holdings.hpp"
#include "worker/options.hpp"
#include "worker/runner.hpp"
#include "worker/slots.hpp"

namespace divvy::worker {

class Worker {
 public:
  explicit Worker(const Options& options);

  /// Serves ventilators until it is told to end. Returns the exit status.
  int run();

 private:
  /// A task in a slot. A plain one came from the guide's ventilator, or one like it.
  struct Running {
    Task task;
    bool plain = false;
    std::int64_t started = 0;
    std::uint32_t slot = 1;
  };

  void wait();
  void obey_signals();
  void hear();
  void hear(const zmq::message_t& message);
  void hear_plain(std::string_view task);
  void kill(const std::function<bool(const Running&)>& which);
  void fill_slots();
  void start(Task task, bool plain);
  void collect();
  void end(const Running& run, const Ended& ended);
  void end_plain(const Ended& ended);
  void send_results();
  void send_presence(Time now);

  bool results_due();
  [[nodiscard]] bool has_room_for_plain() const;
  [[nodiscard]] bool may_start() const;
  [[nodiscard]] bool finished(Time now);

  Options options_;
  Notices notices_;
  WorkerId self_;
  std::string name_;

  Signals signals_;
  Timer timer_;
  Context context_;
  Listening inbox_;  // lanes
  Link line_;        // the guide's shared one
  Link feedback_;
  Link results_;

  std::unique_ptr<Runner> runner_;
  Holdings holdings_;
  std::optional<std::string> waiting_;  // results that the sink had no room for yet
  std::optional<Time> send_at_;         // when those not sent yet are, at the latest
  std::deque<std::string> plain_;       // plain tasks that wait
  std::uint64_t plain_done_ = 0;        // completions that are still to be sent
  std::unordered_map<std::uint64_t, Running> running_;
  std::uint64_t jobs_ = 0;
  Slots slots_;

  Time presence_at_ = Clock::now();
  int interrupts_ = 0;
  std::optional<Time> leave_at_;
};

}  // namespace divvy::worker
