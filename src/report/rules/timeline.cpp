#include "report/rules/timeline.hpp"

#include <algorithm>
#include <tuple>

namespace divvy::report {
namespace {

Bar bar_of(const Attempts& attempts, std::size_t index, std::size_t row) {
  const Attempt& attempt = attempts[index];
  return {.row = static_cast<std::uint32_t>(row),
          .first = index,
          .failed = attempt.failed() ? 1U : 0U,
          .started = attempt.started,
          .ended = attempt.ended,
          .busy = attempt.took()};
}

void join(Bar& bar, const Bar& next) {
  ++bar.attempts;
  bar.failed += next.failed;
  bar.ended = std::max(bar.ended, next.ended);
  bar.busy += next.busy;
}

// Time is divided into steps: what starts in the same one may be put together, if it is no longer.
struct Steps {
  Nanoseconds origin{};
  Nanoseconds length{};  // 0: nothing is put together

  [[nodiscard]] bool together(const Bar& bar, const Bar& next) const {
    if (length.count() == 0 || bar.row != next.row || next.busy > length) return false;
    if (bar.attempts == 1 && bar.busy > length) return false;
    return (bar.started - origin) / length == (next.started - origin) / length;
  }
};

std::vector<Row> rows_of(const Attempts& attempts) {
  std::vector<Row> rows;
  for (const Attempt& attempt : attempts) {
    const bool same =
        !rows.empty() && rows.back().worker == attempt.worker && rows.back().slot == attempt.slot;
    if (!same) rows.push_back({.worker = attempt.worker, .slot = attempt.slot});
    ++rows.back().attempts;
    rows.back().busy += attempt.took();
  }
  return rows;
}

Steps steps_for(const Attempts& attempts, std::size_t rows, std::size_t most_bars) {
  if (attempts.size() <= most_bars) return {};
  const Span span = span_of(attempts);
  const auto count = static_cast<std::int64_t>(std::max<std::size_t>(most_bars / rows, 1));
  return {.origin = span.from, .length = span.length() / count + Nanoseconds(1)};
}

}  // namespace

Span span_of(const Attempts& attempts) {
  if (attempts.empty()) return {};
  Span span{.from = attempts.front().started, .to = attempts.front().ended};
  for (const Attempt& attempt : attempts) {
    span.from = std::min(span.from, attempt.started);
    span.to = std::max(span.to, attempt.ended);
  }
  return span;
}

void sort_for_timeline(Attempts& attempts) {
  std::sort(attempts.begin(), attempts.end(), [](const Attempt& a, const Attempt& b) {
    return std::tie(a.worker, a.slot, a.started, a.task, a.number) <
           std::tie(b.worker, b.slot, b.started, b.task, b.number);
  });
}

Timeline timeline_of(const Attempts& attempts, std::size_t most_bars) {
  Timeline timeline{.rows = rows_of(attempts), .bars = {}};
  const Steps steps = steps_for(attempts, timeline.rows.size(), most_bars);
  std::size_t index = 0;
  for (std::size_t row = 0; row < timeline.rows.size(); ++row) {
    for (std::size_t left = timeline.rows[row].attempts; left > 0; --left, ++index) {
      const Bar bar = bar_of(attempts, index, row);
      if (!timeline.bars.empty() && steps.together(timeline.bars.back(), bar)) {
        join(timeline.bars.back(), bar);
      } else {
        timeline.bars.push_back(bar);
      }
    }
  }
  return timeline;
}

}  // namespace divvy::report
