#include "sink/rules/tally.hpp"

#include <algorithm>

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
    return {.verdict = Verdict::retry, .superseded = {ids}};
  }

  duplicates_ += ids.count - count;
  Ruling ruling{.recorded = std::move(unrecorded), .superseded = done_.common(ids)};
  if (ids.count > 1) {  // they have all succeeded, but perhaps not at first
    ruling.failed = failed_.common(ids);
  } else if (count > 0 ? !result.succeeded() : failed_.contains(ids.first)) {
    ruling.verdict = Verdict::failed;
  }
  if (count > 0) record(ids, ruling.verdict);
  return ruling;
}

void Tally::record(Range ids, Verdict verdict) {
  done_.insert(ids);
  if (verdict == Verdict::failed) failed_.insert(ids);
  if (retrying_.empty()) return;
  for (TaskId id = ids.first; id < ids.end(); ++id) retrying_.erase(id);
}

void Tally::restore(Range ids, bool succeeded) {
  done_.insert(ids);
  if (!succeeded) failed_.insert(ids);
}

std::vector<Range> Tally::skip(Range ids) { return done_.insert(ids); }

void Tally::forget_failed() {
  for (const Range& ids : failed_.ranges()) done_.erase(ids);
  failed_ = {};
}

RecordedPart Tally::recorded_from(TaskId from) const {
  RecordedPart part;
  const auto state = [&](Range ids, Verdict verdict) {
    part.receipts.push_back({.ids = ids, .attempt = kAnyAttempt, .verdict = verdict});
  };
  for (Range run = done_.next_run(from); run.count > 0; run = done_.next_run(run.end())) {
    if (part.receipts.size() >= kReceiptsInPart) {
      part.next = run.first;
      break;
    }
    // Of a longer run every second task may have failed.
    run.count = std::min<std::uint64_t>(run.count, kReceiptsInPart);
    for (const Range& failed : failed_.common(run)) state(failed, Verdict::failed);
    for (const Range& succeeded : failed_.missing(run)) state(succeeded, Verdict::succeeded);
  }
  return part;
}

}  // namespace divvy::sink
