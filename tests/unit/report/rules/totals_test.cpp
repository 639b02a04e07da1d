#include "report/rules/totals.hpp"

#include <gtest/gtest.h>

#include "report/rules/some_attempts.hpp"

namespace divvy::report {
namespace {

Attempt numbered(Attempt attempt, std::uint32_t number) {
  attempt.number = number;
  return attempt;
}

TEST(TotalsTest, CountEachKindAndAddUpAllWork) {
  const Totals totals =
      totals_of({attempt(1, 1, 0, 10), attempt(2, 1, 10, 40, Kind::retried),
                 attempt(2, 1, 40, 50, Kind::failed), attempt(3, 2, 0, 5, Kind::interrupted),
                 attempt(1, 2, 5, 10, Kind::duplicate)});
  EXPECT_EQ(totals.tasks, 2U);
  EXPECT_EQ(totals.failed, 1U);
  EXPECT_EQ(totals.attempts, 5U);
  EXPECT_EQ(totals.retried, 1U);
  EXPECT_EQ(totals.interrupted, 1U);
  EXPECT_EQ(totals.duplicates, 1U);
  EXPECT_EQ(totals.work, milliseconds(60));
  EXPECT_EQ(totals.longest, milliseconds(30));
}

TEST(TotalsTest, StrikesAreTheNumbersThatAreLeftOut) {
  EXPECT_EQ(strikes_in({numbered(attempt(1, 1, 0, 10), 3)}), 2U);
  EXPECT_EQ(strikes_in({numbered(attempt(1, 1, 0, 10, Kind::retried), 1),
                        numbered(attempt(1, 1, 10, 20), 2)}),
            0U);
  EXPECT_EQ(strikes_in({numbered(attempt(1, 1, 0, 10), 2),
                        numbered(attempt(1, 2, 0, 30, Kind::duplicate), 1)}),
            1U);
}

}  // namespace
}  // namespace divvy::report
