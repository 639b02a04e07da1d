// The sink: collects results, prints what the tasks printed, and times the batch.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <vector>
#include <zmq.hpp>

#include "hall/events.hpp"
#include "hall/program.hpp"
#include "hall/sockets.hpp"
#include "sink/batch.hpp"
#include "sink/journal.hpp"
#include "sink/options.hpp"
#include "sink/progress.hpp"

namespace divvy::sink {

class Sink {
 public:
  explicit Sink(const Options& options);

  /// Serves one batch, or with --stay all that come. Returns the exit status.
  int run();

 private:
  /// A batch of the guide's, of which only the completions can be counted.
  struct Plain {
    Time started;
    std::uint64_t completions = 0;
  };

  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  using File = std::unique_ptr<std::FILE, Close>;

  void wait();
  void hear();
  void hear(zmq::message_t message);
  void hear_announcement(const Announcement& announcement, zmq::message_t& message);
  void hear_results(const Results& results);
  void hear_plain();
  void keep(zmq::message_t early);
  void begin(const Announcement& announcement);
  void find_ventilator(const std::string& feedback);
  void restore();
  void meet(const Announcement& announcement, bool again);
  void record(const Results& results, const Result& result);
  void report_failure(std::string_view worker, const Result& result);
  void show_completions(std::uint64_t count);
  void send_receipts();
  void end_batch();
  void tell_total(std::chrono::nanoseconds elapsed, bool workloads);
  void tell_what_is_missing(const Figures& figures) const;
  void show_progress();
  [[nodiscard]] File open_summary(const char* mode) const;
  void write_summary(const Figures& figures) const;

  [[nodiscard]] int status() const;

  Options options_;
  Notices notices_;
  Signals signals_;
  Timer timer_;
  Context context_;
  zmq::socket_t receiver_;
  Listening listening_;

  std::optional<Journal> journal_;
  Progress progress_;
  std::optional<Batch> batch_;
  std::vector<zmq::message_t> early_;  // results that came before their batch's announcement
  std::size_t early_bytes_ = 0;
  std::optional<Plain> plain_;
  std::uint64_t completions_shown_ = 0;
  std::uint64_t failed_ = 0;  // over all batches
  bool trouble_ = false;
  bool served_ = false;  // all that it was started for
};

}  // namespace divvy::sink
