#include "sink/rules/repetitions.hpp"

#include <gtest/gtest.h>

namespace divvy::sink {
namespace {

constexpr WorkerId kWorker{1};

Result begun(std::int64_t started, std::uint32_t slot = 1) {
  return {.ids = {1, 1}, .slot = slot, .started = started, .ended = started};
}

TEST(Repetitions, AreResultsOfAttemptsThatWereToldOf) {
  Repetitions repetitions;
  EXPECT_FALSE(repetitions.is_one(kWorker, begun(10)));
  EXPECT_FALSE(repetitions.is_one(kWorker, begun(20)));
  EXPECT_TRUE(repetitions.is_one(kWorker, begun(10)));
  EXPECT_TRUE(repetitions.is_one(kWorker, begun(20)));
  EXPECT_FALSE(repetitions.is_one(kWorker, begun(30))) << "it was lost with the connection";
}

TEST(Repetitions, AreNotThoseOfOtherSlotsOrWorkers) {
  Repetitions repetitions;
  EXPECT_FALSE(repetitions.is_one(kWorker, begun(20)));
  EXPECT_FALSE(repetitions.is_one(kWorker, begun(10, 2)));
  EXPECT_FALSE(repetitions.is_one(WorkerId{2}, begun(10)));
}

}  // namespace
}  // namespace divvy::sink
