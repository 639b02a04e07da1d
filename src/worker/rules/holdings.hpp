// The tasks that a worker holds: queued, running, finished but not settled. Running them, and
// sending their results, is done elsewhere.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/range_set.hpp"
#include "divvy/protocol.hpp"
#include "worker/rules/chunk.hpp"
#include "worker/rules/lane_filter.hpp"

namespace divvy::worker {

class Holdings {
 public:
  /// `workloads`: tasks are milliseconds to sleep, and one of 0 ms ends when it is received.
  explicit Holdings(WorkerId self, bool workloads = false)
      : self_(self), workloads_(workloads), filter_(self) {}

  enum class Received {
    dropped,  // not for this worker, or old
    accepted,
    asked,  // and the ventilator waits for a presence
  };
  /// Settles, gives back and queues, as a lane message says. `now`: nanoseconds since 1970, UTC.
  Received receive(const Lane& lane, std::int64_t now);
  /// How many workloads of no time were done since the last call.
  std::uint64_t take_instant() { return std::exchange(instant_, 0); }

  /// The next tasks, consecutive and at most `most`, from now on running; none if none is queued.
  Chunk take_next(std::uint64_t most = 1);
  /// Makes them a result. Tasks of a batch that is over are forgotten.
  void finish(const EndedChunk& ended);
  /// Gives back a task that was killed; what it has printed is said once.
  void interrupt(EndedChunk ended);

  /// Queues tasks that were not begun again, before all others.
  void put_back(Chunk tasks);
  void give_back_queued();

  /// A message with results that were not sent, about 1 MiB of them, which now count as sent.
  /// Nothing if there are none.
  [[nodiscard]] std::optional<std::string> next_results(std::string_view worker_name);
  /// What was sent may be lost: all of it is to be sent again.
  void resend_all();

  /// The worker's state. The caller gives what the holdings do not know.
  [[nodiscard]] Presence presence(std::string_view name, std::string_view inbox,
                                  std::uint32_t slots) const;

  [[nodiscard]] std::uint64_t queued() const { return queued_tasks_; }
  /// Tasks whose results next_results() would bring.
  [[nodiscard]] std::uint64_t unsent() const { return unsent_; }
  /// What it works for.
  [[nodiscard]] BatchId batch() const { return batch_; }
  /// Of its tasks.
  [[nodiscard]] Origin origin() const { return {.worker = self_, .batch = batch_}; }
  /// Whether the sink wants what its tasks print while they run.
  [[nodiscard]] bool live() const { return live_; }
  [[nodiscard]] std::uint64_t running() const { return running_.size(); }
  [[nodiscard]] bool all_settled() const { return finished_.empty(); }
  /// Bytes of results that are not settled.
  [[nodiscard]] std::uint64_t kept_bytes() const { return kept_bytes_; }

 private:
  struct Finished {
    RangeSet unsettled{};  // empty: said once, and forgotten then
    std::uint64_t tasks = 1;
    std::uint32_t attempt = 1;
    std::string encoded{};
    bool sent = false;
  };

  void change_batch(BatchId batch);
  void note_format(const Lane& lane);
  void settle(const std::vector<Settled>& settled);
  void settle(Finished& result, Range ids);
  void give_back_recalled(const std::vector<Range>& recalled);
  void queue(const Assignment& assignment);
  void queue_pieces(const Assignment& assignment);
  void queue(Chunk tasks, const std::vector<Range>& which);
  void finish_instantly(const Assignment& assignment, std::int64_t now);
  void keep(const Result& result, RangeSet unsettled);

  WorkerId self_;
  bool workloads_;
  LaneFilter filter_;
  BatchId batch_{};
  bool live_ = false;
  std::shared_ptr<const TextFormat> format_;  // of its tasks' texts; none: lines

  RangeSet held_;
  RangeSet running_;
  std::deque<Chunk> queued_;
  std::uint64_t queued_tasks_ = 0;
  std::deque<Finished> finished_;
  std::uint64_t unsent_ = 0;
  std::uint64_t kept_bytes_ = 0;
  std::uint64_t instant_ = 0;
};

}  // namespace divvy::worker
