// What the dispatch says of the time left, in batches that were recorded and in some that are made.
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "ventilator/replay.hpp"
#include "ventilator/rules/forecast.hpp"

namespace divvy::ventilator {
namespace {

using namespace std::chrono_literals;
using std::chrono::nanoseconds;

struct Trace {
  std::uint32_t slots = 1;
  std::vector<nanoseconds> took{};
};

Trace read_trace(const std::string& name) {
  std::ifstream file(DIVVY_SOURCE_DIR "/tests/unit/ventilator/traces/" + name + ".txt");
  std::string comment;
  std::getline(file, comment);
  std::getline(file, comment);
  Trace trace;
  file >> trace.slots;
  for (std::int64_t msec = 0; file >> msec;)
    trace.took.emplace_back(std::chrono::milliseconds(msec));
  return trace;
}

double seconds(nanoseconds time) { return std::chrono::duration<double>(time).count(); }

double time_left(Replay& replay) {
  return seconds(replay.dispatch().outlook(replay.now()).time_left.value_or(0ns));
}

/// Of the estimates at each percent of a half of the batch.
struct Errors {
  double sum = 0;
  double left = 0;  // the sum of what was left

  void add(double estimate, double truth) {
    sum += std::abs(estimate - truth);
    left += truth;
  }
  [[nodiscard]] int percent() const { return static_cast<int>(std::lround(100 * sum / left)); }
};

struct Judgement {
  Errors first_half;
  Errors second_half;
  Errors second_half_by_the_mean;  // as if the rest took the mean time, and no slot were ever idle
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
    const double truth = seconds(end - replay.now());
    const bool first = percent < 50;
    (first ? judgement.first_half : judgement.second_half).add(time_left(replay), truth);
    if (!first) judgement.second_half_by_the_mean.add(replay.time_left_by_the_mean(), truth);
  }
  return judgement;
}

class RecordedBatch : public testing::TestWithParam<const char*> {};

TEST_P(RecordedBatch, IsForeseenInItsSecondHalf) {
  const Judgement judgement = judge(read_trace(GetParam()));
  RecordProperty("error_in_percent_first_half", judgement.first_half.percent());
  RecordProperty("error_in_percent_second_half", judgement.second_half.percent());
  RecordProperty("error_in_percent_second_half_by_the_mean",
                 judgement.second_half_by_the_mean.percent());
  EXPECT_LT(judgement.second_half.percent(), 25);
}

INSTANTIATE_TEST_SUITE_P(Outlook, RecordedBatch,
                         testing::Values("gzip", "compile", "bimodal", "sleeps", "straggler"),
                         [](const auto& trace) { return std::string(trace.param); });

TEST(Outlook, CountsDownWhileNothingEnds) {
  Replay replay(std::vector<nanoseconds>(8, 10s), 2);
  replay.begin();
  replay.run_until(Time(10s));
  double before = time_left(replay);
  EXPECT_NEAR(before, 30, 3);
  for (auto at = 11s; at < 20s; at += 1s) {
    replay.run_until(Time(at));
    const double left = time_left(replay);
    EXPECT_NEAR(before - left, 1, 0.5) << "after " << at.count() << " s";
    before = left;
  }
}

TEST(Outlook, NeverSaysThatAStragglerEndsAtOnce) {
  std::vector<nanoseconds> took(20, 1s);
  took.back() = 60s;
  Replay replay(took, 2);
  replay.begin();
  for (auto at = 15s; at < 65s; at += 1s) {
    replay.run_until(Time(at));
    const Dispatch::Outlook outlook = replay.dispatch().outlook(replay.now());
    EXPECT_EQ(outlook.oldest, 20U);
    const double age = seconds(outlook.oldest_age);
    EXPECT_NEAR(age, static_cast<double>(at.count()) - 9.5, 0.6);
    EXPECT_GT(seconds(*outlook.time_left), age / 8);
    EXPECT_LT(seconds(*outlook.time_left), age);
  }
}

TEST(Outlook, IsNotThereBeforeATaskHasEndedOrWhileTheInputGoesOn) {
  Replay replay(std::vector<nanoseconds>(8, 10s), 2);
  replay.begin();
  replay.run_until(Time(9s));
  EXPECT_EQ(time_left(replay), 0);
  replay.run_until(Time(10s));
  EXPECT_GT(time_left(replay), 0);
  replay.dispatch().input(8, false);
  EXPECT_EQ(time_left(replay), 0);
}

TEST(Outlook, IsThereFromTheBeginningIfCostsAreKnown) {
  std::vector<nanoseconds> took;
  for (int i = 0; i < 20; ++i) took.emplace_back(i < 10 ? 1s : 5s);
  Replay replay(took, 2);
  for (TaskId id = 1; id <= took.size(); ++id) replay.dispatch().expect(id, took[id - 1]);
  replay.begin();
  replay.run_until(Time(500ms));
  EXPECT_NEAR(time_left(replay), 29.5, 6);
  replay.run_until(Time(4s));
  EXPECT_NEAR(time_left(replay), 26, 3) << "though all that have ended took 1 s";
}

TEST(Outlook, TakesCostsAsProportions) {
  std::vector<nanoseconds> took;
  for (int i = 0; i < 20; ++i) took.emplace_back(i < 10 ? 1s : 5s);
  Replay replay(took, 2);
  for (TaskId id = 1; id <= took.size(); ++id) replay.dispatch().expect(id, took[id - 1] / 3);
  replay.begin();
  replay.run_until(Time(4s));
  EXPECT_NEAR(time_left(replay), 26, 3);
}

TEST(Outlook, DoesNotBelieveCostsThatExplainNothing) {
  std::vector<nanoseconds> took(40, 1s);
  Replay replay(took, 2);
  for (TaskId id = 1; id <= took.size(); ++id) {
    replay.dispatch().expect(id, std::chrono::seconds(id < 30 ? 1 + id % 7 : 100));
  }
  replay.begin();
  replay.run_until(Time(10s));
  EXPECT_NEAR(time_left(replay), 10, 2);
}

// Of so many only the last ones are dealt one by one.
TEST(Forecast, AddsUpWhatIsExpectedOfVeryManyTasks) {
  for (const bool longest_first : {false, true}) {
    Forecast forecast;
    constexpr std::uint64_t kTasks = 30'000;
    for (TaskId id = 1; id <= kTasks; ++id)
      forecast.expect(id, std::chrono::milliseconds(10 + id % 91));
    for (std::uint64_t recorded = 0; recorded < kTasks; recorded += 9100) {
      const Forecast::State state{.running = {{recorded + 1, Time(1s)}},
                                  .unrecorded = kTasks - recorded,
                                  .slots = 4,
                                  .longest_first = longest_first};
      const auto left = forecast.time_left(state, Time(1s));
      ASSERT_TRUE(left);
      EXPECT_NEAR(seconds(*left), static_cast<double>(kTasks - recorded) * 0.055 / 4, 5);
      for (TaskId id = recorded + 1; id <= recorded + 9100; ++id) {
        forecast.ended({id, 1}, std::chrono::milliseconds(10 + id % 91), true);
        forecast.recorded({id, 1});
      }
    }
  }
}

TEST(Outlook, SeesAStragglerAmongBriefTasks) {
  std::vector<nanoseconds> took(4000, 5ms);
  took[100] = 60s;
  Replay replay(took, 2);
  replay.begin();
  for (auto at = 1s; at <= 30s; at += 1s) {
    replay.run_until(Time(at));
    time_left(replay);
  }
  const Dispatch::Outlook outlook = replay.dispatch().outlook(replay.now());
  EXPECT_EQ(outlook.oldest, 101U);
  EXPECT_NEAR(seconds(outlook.oldest_age), 29.5, 1);
}

}  // namespace
}  // namespace divvy::ventilator
