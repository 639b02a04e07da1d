// The sink: collects results, prints what the tasks printed, and times the batch.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>
#include <zmq.hpp>

#include "common/connection.hpp"
#include "common/event_loop.hpp"
#include "common/listener.hpp"
#include "common/log.hpp"
#include "sink/journal.hpp"
#include "sink/options.hpp"
#include "sink/printer.hpp"
#include "sink/progress.hpp"
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

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, Close>;

  void wait();
  void receive();
  void receive(zmq::message_t& message);
  void receive_announcement(const Announcement& announcement, zmq::message_t& message);
  void receive_results(const Results& results);
  void receive_plain();
  void receive_other_version(int version, zmq::message_t& message);
  void begin(const Announcement& announcement);
  bool connect_feedback(const std::string& endpoint);
  void restore();
  void forget_failed();
  void record(const Results& results, const Result& result);
  void report_failure(std::string_view worker, const Result& result);
  void show_completions(std::uint64_t count);
  void commit();
  void send_receipts();
  bool send(std::vector<Receipt> receipts);
  void end_batch();
  void tell_total(Seconds elapsed, bool workloads);
  void tell_what_is_missing(const Figures& figures) const;
  void show_progress();
  [[nodiscard]] File open_summary(const char* mode) const;
  void write_summary(const Figures& figures) const;

  [[nodiscard]] int status() const;

  Options options_;
  Log log_;
  EventLoop loop_;
  Context context_;
  Listener results_;

  std::optional<Journal> journal_;
  Progress progress_;
  std::optional<Batch> batch_;
  std::optional<Printer> printer_;  // of that batch
  std::optional<Connection> feedback_;
  std::string feedback_endpoint_;
  std::string refusal_;          // for the ventilator, if it is of another version
  bool missed_results_ = false;  // of a batch that is still to come
  std::optional<PlainBatch> plain_batch_;
  std::uint64_t completions_shown_ = 0;
  std::uint64_t failed_ = 0;  // over all batches
  bool trouble_ = false;
  bool served_ = false;  // all batches that it was started for are over
};

}  // namespace divvy::sink
