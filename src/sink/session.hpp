// What the sink does for one batch.
#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "common/connection.hpp"
#include "common/event_loop.hpp"
#include "common/listener.hpp"
#include "common/log.hpp"
#include "common/waiting.hpp"
#include "divvy/protocol.hpp"
#include "sink/failure.hpp"
#include "sink/journaled_batch.hpp"
#include "sink/live_printer.hpp"
#include "sink/printer.hpp"
#include "sink/resources.hpp"
#include "sink/rules/batch.hpp"
#include "sink/temporary_journal.hpp"

namespace divvy::sink {

/// Records and prints the batch's results, and sends their receipts to its ventilator. What is
/// recorded counts only when the resources are committed, and receipts may be sent only then.
class Session {
 public:
  /// `resources` and `results` must outlive it. `batches`: how many there are now with this one,
  /// which share the memory for what is not printed yet.
  Session(Resources& resources, const Listener& results, const Announcement& announcement,
          std::size_t batches);

  /// Before all else. Why the batch cannot be served here, for its ventilator: another sink has it
  /// under way, or its outputs have no place.
  std::optional<std::string> begin(const Announcement& announcement);
  /// What becomes of a ventilator that announces the batch.
  Batch::Claim claim(VentilatorId ventilator, Time now) { return batch_.claim(ventilator, now); }
  /// Why another ventilator is refused.
  [[nodiscard]] std::string why_refused() const;
  /// Takes over what a ventilator with an accepted claim says. `feedback`: as it is reached from
  /// here, empty if it is no endpoint; `connection`: that it came through.
  void follow(const Announcement& announcement, const std::string& feedback, int connection);
  /// A connection to the sink is closed.
  void disconnected(int connection);

  /// `connection`: that they came through.
  void receive(const Results& results, int connection);
  void receive(const LiveOutput& message);
  /// What is recorded must be committed. Of what was recorded earlier it sends as much as the slice
  /// has time for.
  void send_receipts(const TimeSlice& slice);

  /// Wakes up for its ventilator and its deadlines.
  void add_to(EventLoop& loop);
  /// `told`: whether it is to be told at all.
  void tell_who_is_missing(Time now, bool told);
  /// Whether what killed tasks have printed may still come. `stops`: how often the user has asked
  /// the sink to stop.
  [[nodiscard]] bool awaits_killed_tasks(int stops);
  [[nodiscard]] bool over(Time now) const { return batch_.over(now); }
  /// When its ventilator was heard last.
  [[nodiscard]] Time last_announced() const { return batch_.last_announced(); }
  /// It is said how far it is.
  [[nodiscard]] bool shows_progress() const { return batch_.started() && !batch_.workloads(); }
  const Figures& figures_at(Time now) { return batch_.figures_at(now); }

  /// Prints what waits for earlier tasks: they will not come any more.
  void print_rest() { printer_.finish(); }
  /// The last thing, when all results are committed: records what it amounts to, then tells it.
  const Figures& end();

 private:
  void restore();
  void forget_failed(VentilatorId ventilator);
  void succeed(const Announcement& announcement);
  bool connect_feedback(const std::string& endpoint);
  void record(const Results& results, const Result& result);
  void print_attempt(WorkerId worker, const Result& result);
  void skip(Range ids);
  void write_report();
  bool state_part();
  bool send(std::vector<Receipt> receipts, bool more);

  Resources& resources_;
  const Listener& results_;
  std::string name_;
  Log log_;             // of what concerns the batch
  std::string holder_;  // who has the batch under way, for others
  std::optional<TemporaryJournal> temporary_journal_;
  std::optional<JournaledBatch> journal_;
  Batch batch_;
  Printer printer_;
  LivePrinter live_printer_;  // through that one
  FailureLines failures_;
  std::optional<Connection> feedback_;
  std::string feedback_endpoint_;
  int announced_by_ = -1;      // the connection of its ventilator
  bool followed_ = false;      // it has one
  std::set<int> connections_;  // that have brought results
  Waiting waiting_for_ventilator_;
  std::optional<Time> linger_until_;  // for what killed tasks have printed
};

}  // namespace divvy::sink
