// The ventilator: reads tasks, hands them to workers, and keeps at it until each has a receipt.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "hall/events.hpp"
#include "hall/listening.hpp"
#include "hall/program.hpp"
#include "hall/sockets.hpp"
#include "ventilator/dispatch.hpp"
#include "ventilator/feedback.hpp"
#include "ventilator/halt.hpp"
#include "ventilator/intake.hpp"
#include "ventilator/lanes.hpp"

namespace divvy::ventilator {

class Ventilator {
 public:
  struct Batch {
    std::string name;
    Intake::Settings intake;
    bool workloads = false;       // the tasks are known to be milliseconds
    Dispatch::Settings dispatch;  // but for the ids
    std::optional<Halt> halt;
    bool retry_failed = false;
    std::string again;  // a command that runs only the failed tasks again; none: it cannot be done
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
  void get_ready(Time now);
  void halt_if_reached();
  void tell_expected_cost();
  void carry_out(const Orders& orders);
  void send(const Order& order);
  void report_given_up();
  void announce();
  void remind(Time now);
  int leave();
  void tell_how_to_run_again() const;

  [[nodiscard]] bool claims_too_much(const Presence& presence) const;
  [[nodiscard]] bool wants_input() const;
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
  Intake intake_;
  std::vector<std::string> given_up_;  // results that the sink has no receipt for yet, encoded

  int interrupts_ = 0;
  bool leaving_ = false;
  bool halted_ = false;
  bool sink_known_ = false;
  bool ready_ = false;  // to hand out tasks
  Time ready_at_;       // not before
  bool cost_told_ = false;
  std::optional<Time> started_;
  Time announce_at_ = Clock::now();
  std::optional<Time> remind_at_;
};

}  // namespace divvy::ventilator
