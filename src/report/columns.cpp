#include "report/columns.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace divvy::report {
namespace {

constexpr std::array kNames{"row",    "start", "took", "task", "kind", "number", "outcome",
                            "status", "cpu",   "rss",  "many", "bad",  "busy"};

using Figures = std::array<std::int64_t, kNames.size()>;

std::int64_t microseconds(Nanoseconds time) {
  return std::chrono::round<std::chrono::microseconds>(time).count();
}

}  // namespace

Json column(const Numbers& values) {
  if (values.empty()) return values;
  const std::int64_t usual = values.front();
  const auto others = static_cast<std::size_t>(
      std::count_if(values.begin(), values.end(), [&](auto value) { return value != usual; }));
  if (others * 8 > values.size()) return values;
  Numbers at;
  Numbers is;
  std::int64_t last = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i] == usual) continue;
    const auto place = static_cast<std::int64_t>(i);
    at.push_back(place - last);
    is.push_back(values[i]);
    last = place;
  }
  return {{"most", usual}, {"at", at}, {"is", is}};
}

Json columns_of(const std::vector<Bar>& bars, const Attempts& attempts, Nanoseconds origin) {
  std::array<Numbers, kNames.size()> columns;
  for (Numbers& column : columns) column.reserve(bars.size());
  std::int64_t last_row = 0;
  std::int64_t last_end = 0;
  std::int64_t last_task = 0;
  for (const Bar& bar : bars) {
    const Attempt& first = attempts[bar.first];
    const bool alone = bar.attempts == 1;
    const auto task = static_cast<std::int64_t>(first.task);
    if (bar.row != last_row) last_end = 0;
    const std::int64_t from = microseconds(bar.started - origin);
    const std::int64_t took = microseconds(bar.ended - origin) - from;
    const Figures figures{bar.row - last_row,
                          from - last_end,
                          took,
                          task - last_task,
                          static_cast<std::int64_t>(first.kind),
                          first.number,
                          first.outcome,
                          first.status,
                          alone ? microseconds(first.cpu) : 0,
                          alone ? static_cast<std::int64_t>(first.max_rss >> 10) : 0,
                          bar.attempts,
                          bar.failed,
                          alone ? 0 : microseconds(bar.busy)};
    for (std::size_t i = 0; i < figures.size(); ++i) columns.at(i).push_back(figures.at(i));
    last_row = bar.row;
    last_end = from + took;
    last_task = task;
  }
  Json json{{"count", bars.size()}};
  for (std::size_t i = 0; i < columns.size(); ++i) json[kNames.at(i)] = column(columns.at(i));
  return json;
}

}  // namespace divvy::report
