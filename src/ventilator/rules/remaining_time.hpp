// How long a batch still takes.
#pragma once

#include <cstdint>
#include <vector>

#include "ventilator/rules/task_lengths.hpp"

namespace divvy::ventilator {

/// What is still to be done. A task's size is what its length is a multiple of: what it took in an
/// earlier batch, or 1.
struct RemainingWork {
  struct Running {
    double age = 0;  // seconds
    double size = 1;
  };

  std::vector<Running> running{};
  double before = 0;            // the sum of the sizes of pending tasks that are handed out first
  std::vector<double> sizes{};  // of the others, in the order in which they are handed out
  double more = 0;              // pending tasks whose size is not known; they follow
  double size_of_more = 1;
  double slots = 1;  // at least 1
  double pace = 1;   // the part of their time for which slots are in use while tasks are pending
};

/// Seconds until all of it is done, which may as well be too many as too few: the tasks are dealt
/// to the slots as in the batch, several times with lengths from all over the curve. Takes a few
/// milliseconds at most.
double remaining_time(const RemainingWork& work, const LengthCurve& curve);

}  // namespace divvy::ventilator
