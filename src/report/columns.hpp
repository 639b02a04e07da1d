// What there is much of in a page, as JSON column by column, which is shorter than an object each.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <vector>

#include "report/rules/attempt.hpp"
#include "report/rules/timeline.hpp"

namespace divvy::report {

using Json = nlohmann::ordered_json;
using Numbers = std::vector<std::int64_t>;

/// An array; or, if the first value is that of almost all, {"most": 0, "at": [2, 17], "is": [1,
/// 3]}, where `at` counts from one place to the next.
Json column(const Numbers& values);

/// A column for each figure of a bar, row after row: times are whole microseconds, and starts,
/// tasks and rows count from what came before. `origin`: when the batch began.
Json columns_of(const std::vector<Bar>& bars, const Attempts& attempts, Nanoseconds origin);

}  // namespace divvy::report
