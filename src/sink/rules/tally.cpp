#include "sink/rules/tally.hpp"

namespace divvy::sink {

Tally::Ruling Tally::rule(const Result& result) {
  const Range ids = result.ids;
  std::vector<Range> unrecorded = done_.missing(ids);
  std::uint64_t count = 0;
  for (const Range& part : unrecorded) count += part.count;

  if (count > 0 && !result.final()) {
    std::uint32_t& last = retrying_[ids.first];
    if (result.attempt > last) {
      last = result.attempt;
      ++retried_;
    } else {
      ++duplicates_;
    }
    return {.verdict = Verdict::retry};
  }

  duplicates_ += ids.count - count;
  const bool failed = count > 0 ? !result.succeeded() : failed_.contains(ids.first);
  done_.insert(ids);
  if (failed && count > 0) failed_.insert(ids);
  if (count > 0) retrying_.erase(ids.first);
  return {.verdict = failed ? Verdict::failed : Verdict::succeeded,
          .recorded = std::move(unrecorded)};
}

void Tally::restore(TaskId id, bool succeeded) {
  done_.insert({id, 1});
  if (!succeeded) failed_.insert({id, 1});
}

void Tally::forget_failed() {
  for (const Range& ids : failed_.ranges()) done_.erase(ids);
  failed_ = {};
}

std::vector<Receipt> Tally::restate() const {
  std::vector<Receipt> receipts;
  const auto state = [&](const std::vector<Range>& ranges, Verdict verdict) {
    for (const Range& ids : ranges) {
      receipts.push_back({.ids = ids, .attempt = kAnyAttempt, .verdict = verdict});
    }
  };
  state(failed_.ranges(), Verdict::failed);
  for (const Range& ids : done_.ranges()) state(failed_.missing(ids), Verdict::succeeded);
  return receipts;
}

}  // namespace divvy::sink
