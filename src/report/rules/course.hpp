// The course of a batch: how many attempts ran, and how many ended, when.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "report/rules/attempt.hpp"

namespace divvy::report {

struct Course {
  Nanoseconds step{};           // each value is about so much time, from the first start on
  std::vector<double> running;  // on an average
  std::vector<std::uint64_t> ended;
  std::vector<std::uint64_t> failed;  // of these
  std::uint64_t most_at_once = 0;
};

Course course_of(const Attempts& attempts, std::size_t steps);

}  // namespace divvy::report
