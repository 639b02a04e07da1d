#include "worker/rules/start_conditions.hpp"

#include <gtest/gtest.h>

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

using Of = StartConditions::Shortfall::Of;

constexpr Time kStart{1000s};
constexpr std::uint64_t kGiB = 1 << 30;

MachineState machine(double load_average, std::uint32_t runnable, std::uint64_t available) {
  return {.load_average = load_average, .runnable = runnable, .available = available};
}

TEST(StartConditions, DemandNothingByThemselves) {
  StartConditions conditions({});
  EXPECT_FALSE(StartDemands{}.any());
  EXPECT_FALSE(conditions.depend_on_machine());
  EXPECT_FALSE(conditions.shortfall(machine(1000, 1000, 0), 1000));
  EXPECT_FALSE(conditions.shortfall({}, 0));
  conditions.started(kStart);
  EXPECT_FALSE(conditions.is_too_soon(kStart));
  EXPECT_FALSE(conditions.deadline());
}

// --- delay ---------------------------------------------------------------------------------------

TEST(StartConditions, LetTheFirstTaskStartWithoutDelay) {
  const StartConditions conditions({.delay = 500ms});
  EXPECT_TRUE(StartDemands{.delay = 500ms}.any());
  EXPECT_FALSE(conditions.is_too_soon(kStart));
  EXPECT_FALSE(conditions.deadline());
}

TEST(StartConditions, DelayTheNextOne) {
  StartConditions conditions({.delay = 500ms});
  conditions.started(kStart);
  EXPECT_TRUE(conditions.is_too_soon(kStart + 499ms));
  EXPECT_EQ(conditions.deadline(), kStart + 500ms);
  EXPECT_FALSE(conditions.is_too_soon(kStart + 500ms));
}

TEST(StartConditions, WakeNobodyOnceTheDelayIsOver) {
  StartConditions conditions({.delay = 500ms});
  conditions.started(kStart);
  conditions.advance(kStart + 499ms);
  EXPECT_TRUE(conditions.deadline());
  conditions.advance(kStart + 500ms);
  EXPECT_FALSE(conditions.deadline()) << "or else the loop would not wait any more";
}

// --- load ----------------------------------------------------------------------------------------

TEST(StartConditions, AreMetBelowTheLoadAndNotAtIt) {
  const StartConditions conditions({.below_load = 2.5});
  EXPECT_TRUE(conditions.depend_on_machine());
  EXPECT_FALSE(conditions.shortfall(machine(2.49, 2, 0), 0));
  const auto shortfall = conditions.shortfall(machine(2.5, 0, 0), 0);
  ASSERT_TRUE(shortfall);
  EXPECT_EQ(shortfall->of, Of::load);
  EXPECT_EQ(shortfall->is, 2.5);
  EXPECT_EQ(shortfall->demanded, 2.5);
}

TEST(StartConditions, SeeABurstBeforeTheAverageDoes) {
  const StartConditions conditions({.below_load = 4});
  EXPECT_FALSE(conditions.shortfall(machine(0.1, 3, 0), 0));
  const auto shortfall = conditions.shortfall(machine(0.1, 4, 0), 0);
  ASSERT_TRUE(shortfall);
  EXPECT_EQ(shortfall->is, 4);
}

TEST(StartConditions, CountATaskThatWasJustStartedAsLoad) {
  const StartConditions conditions({.below_load = 2});
  EXPECT_FALSE(conditions.shortfall(machine(0, 0, 0), 1));
  const auto shortfall = conditions.shortfall(machine(0, 0, 0), 2);
  ASSERT_TRUE(shortfall);
  EXPECT_EQ(shortfall->is, 2);
  EXPECT_EQ(shortfall->young, 2U);
}

TEST(StartConditions, AreNotMetByALoadThatNobodyKnows) {
  const StartConditions conditions({.below_load = 2});
  const auto shortfall = conditions.shortfall({.available = kGiB}, 0);
  ASSERT_TRUE(shortfall);
  EXPECT_FALSE(shortfall->is);
}

// --- memory --------------------------------------------------------------------------------------

TEST(StartConditions, AreMetByAsMuchMemoryAsIsDemanded) {
  const StartConditions conditions({.memory = 2 * kGiB});
  EXPECT_TRUE(conditions.depend_on_machine());
  EXPECT_FALSE(conditions.shortfall(machine(99, 99, 2 * kGiB), 0));
  const auto shortfall = conditions.shortfall(machine(0, 0, 2 * kGiB - 1), 0);
  ASSERT_TRUE(shortfall);
  EXPECT_EQ(shortfall->of, Of::memory);
  EXPECT_EQ(shortfall->is, 2.0 * kGiB - 1);
  EXPECT_EQ(shortfall->demanded, 2.0 * kGiB);
}

TEST(StartConditions, KeepMemoryForTasksThatWereJustStarted) {
  const StartConditions conditions({.memory = 2 * kGiB});
  const MachineState now = machine(0, 0, 7 * kGiB);
  EXPECT_FALSE(conditions.shortfall(now, 0));
  EXPECT_FALSE(conditions.shortfall(now, 2));
  const auto shortfall = conditions.shortfall(now, 3);
  ASSERT_TRUE(shortfall);
  EXPECT_EQ(shortfall->young, 3U);
}

TEST(StartConditions, AreNotMetByMemoryThatNobodyKnows) {
  const StartConditions conditions({.memory = 1});
  const auto shortfall = conditions.shortfall({.load_average = 0}, 0);
  ASSERT_TRUE(shortfall);
  EXPECT_FALSE(shortfall->is);
}

}  // namespace
}  // namespace divvy::worker
