#include "ventilator/rules/pending_tasks.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace divvy::ventilator {
namespace {

using Ranges = std::vector<Range>;
using Texts = std::vector<std::string>;

TEST(PendingTasks, OfferTheLowestIdsFirst) {
  PendingTasks tasks;
  tasks.grow(10);
  EXPECT_EQ(tasks.next(3), (Range{1, 3}));
  tasks.claim({1, 5});
  EXPECT_EQ(tasks.next(3), (Range{6, 3}));
  tasks.put_back({2, 1});
  EXPECT_EQ(tasks.next(3), (Range{2, 1}));
  EXPECT_EQ(tasks.pending(), 6U);
}

TEST(PendingTasks, CountTasksThatAreClaimedBeforeTheyAreRead) {
  PendingTasks tasks;
  EXPECT_EQ(tasks.claim({5, 2}), (Ranges{{5, 2}}));
  EXPECT_TRUE(tasks.claim({5, 1}).empty()) << "taken is taken";
  EXPECT_EQ(tasks.pending(), 0U);
  tasks.grow(5);
  EXPECT_EQ(tasks.pending(), 4U);
  tasks.grow(10);
  EXPECT_EQ(tasks.pending(), 8U);
  tasks.put_back({5, 2});
  EXPECT_EQ(tasks.pending(), 10U);
}

TEST(PendingTasks, OfferTheHighestRankFirstAndTheRestInOrder) {
  PendingTasks tasks;
  tasks.rank(2, 10);
  tasks.rank(4, 30);
  tasks.rank(5, 30);
  tasks.grow(5);
  Texts order;
  for (Range next = tasks.next(9); next.count > 0; next = tasks.next(9)) {
    tasks.claim(next);
    order.push_back(std::to_string(next.first) + "+" + std::to_string(next.count));
  }
  EXPECT_EQ(order, (Texts{"4+1", "5+1", "2+1", "1+1", "3+1"}));
}

TEST(PendingTasks, KeepARankUntilTheTaskIsRetired) {
  PendingTasks tasks;
  tasks.rank(3, 1);
  tasks.grow(3);
  tasks.claim({3, 1});
  EXPECT_EQ(tasks.next(1), (Range{1, 1}));
  tasks.put_back({3, 1});
  EXPECT_EQ(tasks.next(1), (Range{3, 1}));
  EXPECT_EQ(tasks.pending(), 3U);
  tasks.retire({3, 1});
  tasks.put_back({3, 1});
  EXPECT_EQ(tasks.next(1), (Range{1, 1}));
}

}  // namespace
}  // namespace divvy::ventilator
