// The sink: collects results, prints what the tasks printed, and times the batch.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "hall/events.hpp"
#include "hall/program.hpp"
#include "hall/sockets.hpp"
#include "sink/journal.hpp"
#include "sink/options.hpp"
#include "sink/printer.hpp"
#include "sink/tally.hpp"

namespace divvy::sink {

class Sink {
 public:
  explicit Sink(const Options& options);

  /// Serves one batch, or with --stay all that come. Returns the exit status.
  int run();

 private:
  /// The batch that is under way, and where its ventilator is.
  struct Batch {
    Batch(BatchId batch, Printer to) : id(batch), printer(std::move(to)) {}

    /// Of a batch whose number of tasks is known.
    [[nodiscard]] bool all_recorded() const {
      return state != BatchState::open && tally.recorded() == tasks;
    }

    BatchId id;
    VentilatorId ventilator{};
    std::string name;
    BatchState state = BatchState::open;
    std::uint64_t tasks = 0;
    Time heard;                   // of the ventilator
    std::optional<Time> started;  // when its first task was handed out
    Time last_result;
    bool slept = false;
    Tally tally;
    Printer printer;
    std::string feedback_endpoint;
    std::optional<Link> feedback;
    bool resumed = false;           // an earlier ventilator has begun it
    bool stated = false;            // to this ventilator: all that is recorded
    std::vector<Receipt> receipts;  // to be sent
    std::uint64_t restored = 0;     // tasks that an earlier sink recorded
  };

  /// A batch of the guide's, of which only the completions can be counted.
  struct Plain {
    Time started;
    std::uint64_t completions = 0;
  };

  void wait();
  void hear();
  void hear(zmq::message_t message);
  void hear_announcement(const Announcement& announcement, zmq::message_t& message);
  void hear_results(const Results& results);
  void hear_plain();
  void begin(const Announcement& announcement);
  void find_ventilator(const std::string& feedback);
  void restore();
  void meet(const Announcement& announcement);
  void record(const Results& results, const Result& result);
  void report_failure(const Result& result);
  void show_completions(std::uint64_t count);
  void send_receipts();
  void end_batch();
  void tell_total(Time started, Time ended, bool workloads);

  [[nodiscard]] bool over(Time now) const;
  [[nodiscard]] int status() const;

  Options options_;
  Notices notices_;
  Signals signals_;
  Timer timer_;
  zmq::context_t context_;
  zmq::socket_t receiver_;
  Listening listening_;

  std::optional<Journal> journal_;
  std::optional<Batch> batch_;
  std::vector<zmq::message_t> early_;  // results that came before their batch's announcement
  std::optional<Plain> plain_;
  std::uint64_t completions_shown_ = 0;
  std::uint64_t failed_ = 0;  // over all batches
  bool trouble_ = false;
  bool served_ = false;  // all that it was started for
};

}  // namespace divvy::sink
