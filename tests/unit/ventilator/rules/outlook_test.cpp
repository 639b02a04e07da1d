// What the dispatch says of the time left, in batches that were recorded and in some that are made.
#include <gtest/gtest.h>

#include <chrono>
#include <cstdio>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "ventilator/replay.hpp"

namespace divvy::ventilator {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

struct Trace {
  std::uint32_t slots = 1;
  std::vector<nanoseconds> took;
};

Trace read_trace(const std::string& name) {
  std::ifstream file(std::string(DIVVY_SOURCE_DIR "/tests/unit/ventilator/traces/") + name + ".txt");
  std::string comment;
  std::getline(file, comment);
  std::getline(file, comment);
  Trace trace;
  file >> trace.slots;
  for (std::int64_t msec = 0; file >> msec;) trace.took.push_back(std::chrono::milliseconds(msec));
  return trace;
}

double seconds(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

/// Of the estimates at each percent of a part of the batch.
struct Errors {
  double relative = 0;  // sum of each error over what was left
  double absolute = 0;  // sum of the errors
  double left = 0;      // sum of what was left
  double count = 0;

  void add(double estimate, double truth) {
    relative += std::abs(estimate - truth) / truth;
    absolute += std::abs(estimate - truth);
    left += truth;
    count += 1;
  }
  [[nodiscard]] double mean_relative() const { return relative / count; }
  [[nodiscard]] double of_all() const { return absolute / left; }
};

struct Judgement {
  Errors first_half, second_half, naive_second_half;
};

Judgement judge(const Trace& trace) {
  Replay rehearsal(trace.took, trace.slots);
  rehearsal.begin();
  rehearsal.run_until(Time::max());
  const Time end = rehearsal.now();

  Judgement judgement;
  Replay replay(trace.took, trace.slots);
  replay.begin();
  for (int percent = 1; percent < 100; ++percent) {
    replay.run_until(Time(end.time_since_epoch() * percent / 100));
    const auto left = replay.dispatch().outlook(replay.now()).time_left;
    if (!left) continue;
    const double truth = seconds(end - replay.now());
    (percent < 50 ? judgement.first_half : judgement.second_half).add(seconds(*left), truth);
    if (percent >= 50) judgement.naive_second_half.add(replay.naive_time_left(), truth);
    if (std::getenv("VERBOSE")) std::printf("%d true %.2f est %.2f naive %.2f\n", percent, truth, seconds(*left), replay.naive_time_left());
  }
  return judgement;
}

class RecordedBatch : public testing::TestWithParam<const char*> {};

TEST_P(RecordedBatch, IsForeseenInItsSecondHalf) {
  const Judgement judgement = judge(read_trace(GetParam()));
  const auto print = [](const char* what, const Errors& errors) {
    std::printf("%s: %.1f%% of what was left each time, %.1f%% of all\n", what,
                100 * errors.mean_relative(), 100 * errors.of_all());
  };
  print("first half", judgement.first_half);
  print("second half", judgement.second_half);
  print("second half, mean times tasks over slots", judgement.naive_second_half);
  EXPECT_LT(judgement.second_half.mean_relative(), 0.25);
}

INSTANTIATE_TEST_SUITE_P(Outlook, RecordedBatch,
                         testing::Values("gzip", "compile", "bimodal", "sleeps", "straggler"),
                         [](const auto& trace) { return std::string(trace.param); });

}  // namespace
}  // namespace divvy::ventilator
