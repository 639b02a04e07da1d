#include "sink/tally.hpp"

namespace divvy::sink {

Tally::Ruling Tally::rule(const Result& result) {
  const Range ids = result.ids;
  std::vector<Range> news = done_.missing(ids);
  std::uint64_t fresh = 0;
  for (const Range& part : news) fresh += part.count;

  if (fresh > 0 && !result.final()) {
    std::uint32_t& last = retrying_[ids.first];
    if (result.attempt > last) {
      last = result.attempt;
      ++retried_;
    } else {
      ++duplicates_;
    }
    return {Verdict::retry, {}};
  }

  duplicates_ += ids.count - fresh;
  const bool failed = fresh > 0 ? !result.succeeded() : failed_.contains(ids.first);
  done_.insert(ids);
  if (failed && fresh > 0) failed_.insert(ids);
  if (fresh > 0) retrying_.erase(ids.first);
  return {failed ? Verdict::failed : Verdict::succeeded, std::move(news)};
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
  for (const Range& ids : failed_.ranges()) {
    receipts.push_back({WorkerId::none, ids, kAnyAttempt, Verdict::failed, 0, 0});
  }
  for (const Range& ids : done_.ranges()) {
    for (const Range& part : failed_.missing(ids)) {
      receipts.push_back({WorkerId::none, part, kAnyAttempt, Verdict::succeeded, 0, 0});
    }
  }
  return receipts;
}

}  // namespace divvy::sink
