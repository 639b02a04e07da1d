#include "report/rules/waits.hpp"

#include <algorithm>

#include "report/rules/largest.hpp"

namespace divvy::report {
namespace {

std::vector<std::size_t> by_end(const Attempts& attempts) {
  std::vector<std::size_t> order;
  order.reserve(attempts.size());
  for (std::size_t i = 0; i < attempts.size(); ++i) order.push_back(i);
  std::sort(order.begin(), order.end(),
            [&](std::size_t a, std::size_t b) { return attempts[a].ended < attempts[b].ended; });
  return order;
}

// The last moment at which at least `many` ran.
Nanoseconds last_with(const Attempts& attempts, std::uint64_t many) {
  struct Change {
    Nanoseconds at{};
    int by = 0;
  };
  std::vector<Change> changes;
  changes.reserve(attempts.size() * 2);
  for (const Attempt& attempt : attempts) {
    changes.push_back({.at = attempt.started, .by = 1});
    changes.push_back({.at = attempt.ended, .by = -1});
  }
  // From the end on backwards; of what happens at once starts are undone first.
  std::sort(changes.begin(), changes.end(), [](const Change& a, const Change& b) {
    return a.at != b.at ? a.at > b.at : a.by > b.by;
  });
  std::uint64_t running = 0;
  for (const Change& change : changes) {
    running = change.by < 0 ? running + 1 : running - 1;
    if (running >= many) return change.at;
  }
  return span_of(attempts).from;
}

}  // namespace

std::vector<Idle> longest_idle(const Attempts& attempts, const std::vector<Row>& rows,
                               std::size_t most) {
  const Span span = span_of(attempts);
  std::vector<Idle> idle;
  std::size_t index = 0;
  for (std::size_t row = 0; row < rows.size(); ++row) {
    Nanoseconds since = span.from;
    const auto until = [&](Nanoseconds time) {
      if (time > since) idle.push_back({static_cast<std::uint32_t>(row), since, time});
    };
    for (std::size_t left = rows[row].attempts; left > 0; --left, ++index) {
      until(attempts[index].started);
      since = std::max(since, attempts[index].ended);
    }
    until(span.to);
    if (rows[row].slot == 0) std::erase_if(idle, [&](const Idle& gap) { return gap.row == row; });
    if (idle.size() > 100'000)
      keep_largest(idle, most, [](const Idle& gap) { return gap.length(); });
  }
  keep_largest(idle, most, [](const Idle& gap) { return gap.length(); });
  return idle;
}

std::vector<Stall> longest_stalls(const Attempts& attempts, std::size_t most) {
  std::vector<Stall> stalls;
  Nanoseconds since = span_of(attempts).from;
  for (const std::size_t attempt : by_end(attempts)) {
    stalls.push_back({.since = since, .attempt = attempt});
    since = attempts[attempt].ended;
  }
  keep_largest(stalls, most,
               [&](const Stall& stall) { return attempts[stall.attempt].ended - stall.since; });
  std::erase_if(stalls,
                [&](const Stall& stall) { return attempts[stall.attempt].ended <= stall.since; });
  return stalls;
}

std::optional<Tail> tail_of(const Attempts& attempts, std::uint64_t most_at_once,
                            std::size_t most) {
  if (most_at_once < 2) return {};
  Tail tail{.since = last_with(attempts, (most_at_once + 1) / 2), .attempts = {}};
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    if (attempts[i].ended > tail.since) tail.attempts.push_back(i);
  }
  keep_largest(tail.attempts, most, [&](std::size_t i) { return attempts[i].ended; });
  return tail;
}

}  // namespace divvy::report
