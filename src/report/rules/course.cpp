#include "report/rules/course.hpp"

#include <algorithm>

namespace divvy::report {
namespace {

// Adds up how much of each step is covered.
class Coverage {
 public:
  Coverage(Nanoseconds step, std::size_t steps) : step_(step), parts_(steps), whole_(steps + 1) {}

  void add(Nanoseconds from, Nanoseconds to) {
    const auto first = index(from);
    const auto last = index(to);
    if (first == last) {
      parts_[first] += to - from;
      return;
    }
    parts_[first] += start(first + 1) - from;
    parts_[last] += to - start(last);
    ++whole_[first + 1];
    --whole_[last];
  }

  [[nodiscard]] std::size_t index(Nanoseconds time) const {
    return std::min(static_cast<std::size_t>(time / step_), parts_.size() - 1);
  }

  [[nodiscard]] std::vector<double> average() const {
    std::vector<double> values(parts_.size());
    std::int64_t whole = 0;
    for (std::size_t i = 0; i < values.size(); ++i) {
      whole += whole_[i];
      const auto part = static_cast<double>(parts_[i].count());
      values[i] = static_cast<double>(whole) + part / static_cast<double>(step_.count());
    }
    return values;
  }

 private:
  [[nodiscard]] Nanoseconds start(std::size_t index) const {
    return step_ * static_cast<std::int64_t>(index);
  }

  Nanoseconds step_;
  std::vector<Nanoseconds> parts_;
  std::vector<std::int64_t> whole_;  // by how much more steps are covered from here on
};

// One that starts when another one ends does not run beside it.
std::uint64_t most_at_once(const Attempts& attempts) {
  std::vector<Nanoseconds> starts;
  std::vector<Nanoseconds> ends;
  for (const Attempt& attempt : attempts) {
    starts.push_back(attempt.started);
    ends.push_back(attempt.ended);
  }
  std::sort(starts.begin(), starts.end());
  std::sort(ends.begin(), ends.end());
  std::size_t most = 0;
  std::size_t ended = 0;
  for (std::size_t started = 0; started < starts.size(); ++started) {
    while (ends[ended] <= starts[started] && ended < started) ++ended;
    most = std::max(most, started + 1 - ended);
  }
  return most;
}

}  // namespace

Course course_of(const Attempts& attempts, std::size_t steps) {
  const Span span = span_of(attempts);
  const Nanoseconds step = span.length() / static_cast<std::int64_t>(steps) + Nanoseconds(1);
  Coverage coverage(step, steps);
  Course course{.step = step,
                .running = {},
                .ended = std::vector<std::uint64_t>(steps),
                .failed = std::vector<std::uint64_t>(steps),
                .most_at_once = most_at_once(attempts)};
  for (const Attempt& attempt : attempts) {
    coverage.add(attempt.started - span.from, attempt.ended - span.from);
    const std::size_t index = coverage.index(attempt.ended - span.from);
    ++course.ended[index];
    if (attempt.failed()) ++course.failed[index];
  }
  course.running = coverage.average();
  return course;
}

}  // namespace divvy::report
