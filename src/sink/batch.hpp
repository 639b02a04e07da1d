// The batch that is under way: what is known of it, and what is recorded.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "divvy/messages.hpp"
#include "hall/events.hpp"
#include "hall/sockets.hpp"
#include "sink/figures.hpp"
#include "sink/printer.hpp"
#include "sink/tally.hpp"

namespace divvy::sink {

struct Batch {
  Batch(BatchId batch, std::string_view name, Printer to);

  /// The news of a repeated announcement. True: it comes from a ventilator that is new to the
  /// batch, the first one or one that was started again.
  bool update(const Announcement& announcement, Time now);
  /// A task that an earlier sink recorded.
  void restore(TaskId id, bool succeeded);
  /// Takes a result, prints it if it is news, and leaves a receipt. Returns what is to be recorded.
  Tally::Ruling record(const Results& results, const Result& result, Time now);

  /// As far as the number of its tasks is known.
  [[nodiscard]] bool has(Range ids) const;
  /// Of a batch whose number of tasks is known.
  [[nodiscard]] bool all_recorded() const;
  /// Nothing more is to come, as far as the ventilator says, or because it has not been heard.
  [[nodiscard]] bool over(Time now) const;
  /// The ventilator has not been heard for so long that it is gone.
  [[nodiscard]] bool forsaken(Time now) const;
  /// When it is over if the ventilator stays silent.
  [[nodiscard]] std::optional<Time> deadline() const;

  /// Brings the figures up to date: the elapsed time ends at `now`.
  const Figures& figures_at(Time now);

  void begun_by(Time time);

  BatchId id;
  VentilatorId ventilator{};
  BatchState state = BatchState::open;
  Time heard;                   // of the ventilator
  std::optional<Time> started;  // when its first task was handed out, as far as is known
  Time last_result;
  bool sleeps = false;  // the guide's workloads: completions are shown as there
  Tally tally;
  Figures figures;
  Printer printer;
  std::string feedback_endpoint;
  std::optional<Link> feedback;
  bool resumed = false;           // an earlier ventilator has begun it
  bool stated = false;            // to this ventilator: all that is recorded
  std::vector<Receipt> receipts;  // to be sent
};

}  // namespace divvy::sink
