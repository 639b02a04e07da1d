// What is recorded of a batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "common/range_set.hpp"
#include "divvy/protocol.hpp"

namespace divvy::sink {

/// How many receipts a message has at most that states what is recorded: the reader of a few such
/// messages has room for them.
inline constexpr std::size_t kReceiptsInPart = 16384;

/// Of what is recorded, as receipts that name no worker.
struct RecordedPart {
  std::vector<Receipt> receipts{};
  std::optional<TaskId> next{};  // where the next part begins; none: this was the last one
};

/// Each task has one recorded result: its first success, or the failure of its last attempt.
class Tally {
 public:
  struct Ruling {
    Verdict verdict = Verdict::succeeded;
    std::vector<Range> recorded{};    // by this result; none for a duplicate or a retry
    std::vector<Range> superseded{};  // the rest of it
    std::vector<Range> failed{};      // of several tasks those that an earlier result has failed
    std::vector<Range> ended{};       // an attempt that was not told of before: Batch knows
  };
  Ruling rule(const Result& result);

  /// Results that were recorded by an earlier sink.
  void restore(Range ids, bool succeeded);
  /// Tasks that are not run, since they have succeeded before. Returns those that were not
  /// recorded.
  std::vector<Range> skip(Range ids);
  /// Failed tasks count as not recorded, so that they can run again.
  void forget_failed();

  [[nodiscard]] bool is_recorded(TaskId id) const { return done_.contains(id); }
  /// A part of what is recorded, from `from` on, without digests.
  [[nodiscard]] RecordedPart recorded_from(TaskId from) const;

  [[nodiscard]] std::uint64_t recorded() const { return done_.size(); }
  [[nodiscard]] std::uint64_t failed() const { return failed_.size(); }
  [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }
  [[nodiscard]] std::uint64_t retried() const { return retried_; }

 private:
  void record(Range ids, Verdict verdict);

  RangeSet done_;
  RangeSet failed_;                                     // of these
  std::unordered_map<TaskId, std::uint32_t> retrying_;  // the last attempt that failed
  std::uint64_t duplicates_ = 0;
  std::uint64_t retried_ = 0;
};

}  // namespace divvy::sink
