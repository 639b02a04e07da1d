// What attempts come to, in all and for each worker.
#pragma once

#include <cstdint>
#include <vector>

#include "report/rules/attempt.hpp"

namespace divvy::report {

struct Totals {
  std::uint64_t tasks = 0;   // whose result is one of these attempts
  std::uint64_t failed = 0;  // of these
  std::uint64_t attempts = 0;
  std::uint64_t retried = 0;
  std::uint64_t interrupted = 0;
  std::uint64_t duplicates = 0;
  Nanoseconds work{};
  Nanoseconds longest{};
  Nanoseconds cpu{};
  std::uint64_t max_rss = 0;

  void add(const Attempt& attempt);
};

Totals totals_of(const Attempts& attempts);
/// By the worker's number.
std::vector<Totals> totals_by_worker(const Attempts& attempts, std::size_t workers);

/// How many attempts were lost with their workers, of which nothing is known but that the numbers
/// of those that are there leave them out.
std::uint64_t strikes_in(const Attempts& attempts);

}  // namespace divvy::report
