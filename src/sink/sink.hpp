// The sink: collects results, prints what the tasks printed, and times the batch.
#pragma once

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <zmq.hpp>

#include "hall/events.hpp"
#include "hall/listening.hpp"
#include "hall/program.hpp"
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
  void hear(zmq::message_t& message);
  void hear_announcement(const Announcement& announcement, zmq::message_t& message);
  void hear_results(const Results& results);
  void hear_plain();
  void begin(const Announcement& announcement);
  void find_ventilator(const std::string& feedback);
  void restore();
  void meet(const Announcement& announcement, bool again);
  void record(const Results& results, const Result& result);
  void report_failure(std::string_view worker, const Result& result);
  void show_completions(std::uint64_t count);
  void send_receipts();
  void end_batch();
  void tell_total(Seconds elapsed, bool workloads);
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
  Listening results_;

  std::optional<Journal> journal_;
  Progress progress_;
  std::optional<Batch> batch_;
  bool missed_results_ = false;  // of a batch that is still to come
  std::optional<Plain> plain_;
  std::uint64_t completions_shown_ = 0;
  std::uint64_t failed_ = 0;  // over all batches
  bool trouble_ = false;
  bool served_ = false;  // all that it was started for
};

}  // namespace divvy::sink
