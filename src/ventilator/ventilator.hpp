// The ventilator: reads tasks, hands them to workers, and keeps at it until each has a receipt.
#pragma once

#include <optional>
#include <string>
#include <zmq.hpp>

#include "common/connection.hpp"
#include "common/event_loop.hpp"
#include "common/listener.hpp"
#include "common/log.hpp"
#include "common/options.hpp"
#include "common/waiting.hpp"
#include "ventilator/feedback.hpp"
#include "ventilator/intake.hpp"
#include "ventilator/lanes.hpp"
#include "ventilator/lost_results.hpp"
#include "ventilator/rules/dispatch.hpp"
#include "ventilator/rules/halt.hpp"
#include "ventilator/skipped_results.hpp"
#include "ventilator/worker_news.hpp"

namespace divvy::ventilator {

class Ventilator {
 public:
  struct Settings {
    std::string name{};  // the batch's
    std::string pool{};  // only workers of this one take part
    Intake::Settings intake{};
    bool workloads = false;  // the tasks are known to be milliseconds
    Dispatch::Settings dispatch{};
    std::optional<Halt> halt{};
    bool retry_failed = false;
    std::string retry_command{};  // runs only the failed tasks again; none: it cannot be done
    bool reads_standard_input = false;
    std::optional<PortRange> lanes{};      // where workers open lanes
    std::optional<std::string> command{};  // what the workers run; none: the first of them says it
  };

  Ventilator(const CommonOptions& options, Settings settings);

  /// Returns the exit status.
  int run();

 private:
  enum class Phase {
    preparing,  // nothing may run yet, see prepare()
    running,
    stopping,  // hands out no more, and waits for what runs
    leaving,
  };

  void wait();
  void stop(int times);
  void stop_handing_out(bool abort);
  void receive();
  void receive(zmq::message_t& message);
  void receive_presence(const Presence& presence, zmq::message_t& message);
  [[nodiscard]] std::optional<std::string> way_to(const Presence& presence,
                                                  zmq::message_t& message);
  void receive_receipts(const Receipts& receipts);
  void receive_other_version(int version, zmq::message_t& message);
  void receive_receipt(const Receipt& receipt);
  void read_input();
  void prepare(Time now);
  void halt_if_reached();
  void tell_expected_cost();
  void carry_out(Orders orders);
  void send(Lane lane);
  void report_lost_tasks();
  void report_skipped_tasks();
  void tell_of_other_commands();
  bool announce();
  void announce_end();
  void tell_who_is_missing(Time now);
  void note_command(const Presence& presence);
  int leave();
  void tell_how_to_retry() const;
  bool command_agrees();

  [[nodiscard]] bool claims_too_much(const Presence& presence) const;
  [[nodiscard]] bool wants_input() const;
  [[nodiscard]] bool sink_known() const { return may_run_at_.has_value(); }
  [[nodiscard]] bool stopping() const { return phase_ >= Phase::stopping; }
  [[nodiscard]] bool finished() const;
  [[nodiscard]] BatchState state() const;
  [[nodiscard]] Announcement announcement() const;

  Log log_;
  std::string name_;  // of this process, for people
  Settings settings_;
  VentilatorId self_;
  BatchId batch_;

  EventLoop loop_;
  Context context_;
  Listener plain_tasks_;  // nothing is sent there, but the guide's workers may connect
  Feedback feedback_;
  Connection sink_;
  std::string sink_endpoint_;
  Lanes lanes_;

  Dispatch dispatch_;
  Intake intake_;
  LostResults lost_results_;
  SkippedResults skipped_results_;
  WorkerNews news_;

  std::string recorded_command_;  // what the batch was run with; empty: nothing is known of it
  Phase phase_ = Phase::preparing;
  int stops_ = 0;                   // how often the user has asked
  std::optional<Time> may_run_at_;  // nothing runs before; none: the sink is not known
  bool cost_told_ = false;
  bool skipping_told_ = false;
  std::optional<Time> started_;  // handing out tasks
  Time announce_at_;
  Time hear_at_;  // when workers are heard again
  Waiting waiting_for_sink_;
  Waiting waiting_for_workers_;
};

}  // namespace divvy::ventilator
