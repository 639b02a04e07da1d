// The sink: collects results, prints what the tasks printed, and times the batch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "common/connection.hpp"
#include "common/event_loop.hpp"
#include "common/listener.hpp"
#include "common/log.hpp"
#include "common/waiting.hpp"
#include "sink/attempt_log.hpp"
#include "sink/journal.hpp"
#include "sink/live_printer.hpp"
#include "sink/options.hpp"
#include "sink/output_files.hpp"
#include "sink/printer.hpp"
#include "sink/progress.hpp"
#include "sink/refusal.hpp"
#include "sink/report.hpp"
#include "sink/rules/batch.hpp"

namespace divvy::sink {

class Sink {
 public:
  explicit Sink(const Options& options);

  /// Serves one batch, or with --stay all that come. Returns the exit status.
  int run();

 private:
  /// A batch of the guide's, of which only the completions can be counted.
  struct PlainBatch {
    Time started;
    std::uint64_t completions = 0;
  };

  void serve();
  void wait();
  void receive();
  void receive(zmq::message_t& message);
  void receive_announcement(const Announcement& announcement, zmq::message_t& message);
  bool is_for_present_batch(const Announcement& announcement, zmq::message_t& message);
  void succeed(const Announcement& announcement);
  void follow(const Announcement& announcement, zmq::message_t& message);
  void refuse(const Announcement& announcement, zmq::message_t& message, const std::string& holder);
  void answer(const Announcement& announcement, zmq::message_t& message, const std::string& why);
  void receive_results(const Results& results);
  void receive_live_output(const LiveOutput& message);
  void receive_plain();
  void receive_other_version(int version, zmq::message_t& message);
  bool begin(const Announcement& announcement, zmq::message_t& message);
  bool connect_feedback(const std::string& endpoint);
  void restore();
  void forget_failed(VentilatorId ventilator);
  void record(const Results& results, const Result& result);
  void print_attempt(WorkerId worker, const Result& result);
  void skip(Range ids);
  void commit();
  void send_receipts();
  bool state_part();
  bool send(std::vector<Receipt> receipts, bool more);
  [[nodiscard]] bool awaits_killed_tasks();
  void end_batch();
  void show_progress();
  void tell_who_is_missing(Time now);

  [[nodiscard]] int status() const;

  Options options_;
  Log log_;
  EventLoop loop_;
  Context context_;
  Listener results_;
  Report report_;

  std::optional<Journal> journal_;
  std::optional<AttemptLog> attempt_log_;
  std::optional<OutputFiles> output_files_;
  Progress progress_;
  Waiting waiting_for_ventilator_;
  std::optional<Batch> batch_;
  std::optional<Printer> printer_;           // of that batch
  std::optional<LivePrinter> live_printer_;  // through that one
  std::optional<Connection> feedback_;
  std::string feedback_endpoint_;
  std::string holder_;                // who has that batch under way, for others
  int announced_by_ = -1;             // the connection of its ventilator
  std::optional<Time> linger_until_;  // for what killed tasks have printed
  std::optional<Refusal> refusal_;
  bool missed_results_ = false;  // of a batch that is still to come
  std::optional<PlainBatch> plain_batch_;
  std::uint64_t failed_ = 0;  // over all batches
  int stops_ = 0;             // how often the user has asked
  bool trouble_ = false;
  bool served_ = false;  // all batches that it was started for are over
};

}  // namespace divvy::sink
