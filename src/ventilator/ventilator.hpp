// The ventilator: reads tasks, hands them to workers, and keeps at it until each has a receipt.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "hall/events.hpp"
#include "hall/listening.hpp"
#include "hall/program.hpp"
#include "hall/sockets.hpp"
#include "ventilator/backlog.hpp"
#include "ventilator/costs.hpp"
#include "ventilator/dispatch.hpp"
#include "ventilator/feedback.hpp"
#include "ventilator/halt.hpp"
#include "ventilator/input.hpp"
#include "ventilator/input_check.hpp"
#include "ventilator/lanes.hpp"

namespace divvy::ventilator {

class Ventilator {
 public:
  struct Batch {
    std::string name;
    std::unique_ptr<Input> input;
    bool workloads = false;       // the tasks are known to be milliseconds
    Dispatch::Settings dispatch;  // but for the ids
    std::uint64_t max_outstanding_bytes = 64 << 20;
    std::optional<Halt> halt;
    bool retry_failed = false;
    std::string again;  // a command that runs only the failed tasks again; none: it cannot be done
    std::optional<Costs> costs;  // the longest tasks first
  };

  Ventilator(const CommonOptions& options, Batch batch);

  /// Returns the exit status.
  int run();

 private:
  void wait();
  void obey_signals();
  void hear();
  void hear(zmq::message_t& message);
  void hear_presence(const Presence& presence, zmq::message_t& message);
  void hear_receipts(const Receipts& receipts);
  void read_input();
  void take_task(std::string_view text);
  void rank_task(TaskId id, std::string_view text);
  void get_ready(Time now);
  void halt_if_reached();
  void tell_expected_cost();
  void carry_out(const Dispatch::Orders& orders);
  void send(const Dispatch::Order& order);
  void report_given_up();
  void announce();
  void remind(Time now);
  int leave();
  void tell_how_to_run_again() const;

  [[nodiscard]] bool claims_too_much(const Presence& presence) const;
  [[nodiscard]] bool is_beyond_input(Range ids) const;
  [[nodiscard]] bool wants_input() const;
  [[nodiscard]] bool backlog_full() const;
  [[nodiscard]] bool stopping() const;
  [[nodiscard]] bool finished() const;
  [[nodiscard]] BatchState state() const;

  Notices notices_;
  Batch batch_;
  VentilatorId self_;
  BatchId id_;

  Signals signals_;
  Timer timer_;
  Context context_;
  Listening tasks_;  // the guide's line: nothing travels there, but plain workers may connect
  Feedback feedback_;
  Link sink_;
  Lanes lanes_;

  Dispatch dispatch_;
  Backlog backlog_;
  InputCheck input_check_;
  std::vector<std::string> given_up_;  // results that the sink has no receipt for yet, encoded

  int interrupts_ = 0;
  bool leaving_ = false;
  bool halted_ = false;
  bool sink_known_ = false;
  bool ready_ = false;                              // to hand out tasks
  Time ready_at_;                                   // not before
  std::optional<std::uint64_t> expected_msec_ = 0;  // nothing once a task is no workload
  bool cost_told_ = false;
  bool cost_unknown_ = false;  // of some task that is to be ranked
  std::optional<Time> started_;
  Time announce_at_ = Clock::now();
  std::optional<Time> remind_at_;
};

}  // namespace divvy::ventilator
