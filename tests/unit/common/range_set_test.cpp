#include "common/range_set.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <vector>

namespace divvy {
namespace {

using Ranges = std::vector<Range>;

TEST(RangeSet, JoinsNeighbours) {
  RangeSet set;
  set.insert({1, 2});
  set.insert({5, 1});
  EXPECT_EQ(set.ranges(), (Ranges{{1, 2}, {5, 1}}));
  set.insert({3, 2});
  EXPECT_EQ(set.ranges(), (Ranges{{1, 5}}));
  EXPECT_EQ(set.size(), 5U);
}

TEST(RangeSet, TellsWhatIsNew) {
  RangeSet set({{3, 2}, {8, 1}});
  EXPECT_EQ(set.insert({4, 3}), (Ranges{{5, 2}}));
  EXPECT_EQ(set.insert({1, 10}), (Ranges{{1, 2}, {7, 1}, {9, 2}}));
  EXPECT_TRUE(set.insert({2, 5}).empty());
}

TEST(RangeSet, IsSplitByWhatIsErased) {
  RangeSet set({{1, 10}});
  set.erase({4, 2});
  EXPECT_EQ(set.ranges(), (Ranges{{1, 3}, {6, 5}}));
}

TEST(RangeSet, TellsWhatIsCommonAndWhatIsMissing) {
  const RangeSet set({{3, 2}, {8, 1}});
  EXPECT_EQ(set.common({1, 10}), (Ranges{{3, 2}, {8, 1}}));
  EXPECT_EQ(set.missing({1, 10}), (Ranges{{1, 2}, {5, 3}, {9, 2}}));
  EXPECT_TRUE(set.missing({3, 2}).empty());
}

TEST(RangeSet, FindsTheFirstGap) {
  RangeSet set;
  EXPECT_EQ(set.first_gap(5), (Range{1, 5}));
  set.insert({1, 2});
  set.insert({4, 1});
  EXPECT_EQ(set.first_gap(9), (Range{3, 1}));
  set.insert({3, 1});
  EXPECT_EQ(set.first_gap(9), (Range{5, 5}));
  EXPECT_EQ(set.first_gap(4).count, 0U);
}

TEST(RangeSet, DoesWhatASetOfIdsDoes) {
  std::mt19937 random(7);
  RangeSet set;
  std::set<TaskId> model;
  for (int step = 0; step < 20'000; ++step) {
    const Range range{1 + random() % 60, 1 + random() % 12};
    const bool insert = random() % 2 == 0;
    const Ranges news = set.missing(range);
    if (insert) {
      ASSERT_EQ(set.insert(range), news);
    } else {
      set.erase(range);
    }
    for (TaskId id = range.first; id < range.end(); ++id) {
      if (insert) {
        model.insert(id);
      } else {
        model.erase(id);
      }
    }
    ASSERT_EQ(set.size(), model.size());
    ASSERT_EQ(RangeSet(set.ranges()), set) << "spans neither touch nor overlap";
    const Range asked{1 + random() % 60, 1 + random() % 12};
    std::uint64_t common = 0;
    for (const Range& part : set.common(asked)) {
      for (TaskId id = part.first; id < part.end(); ++id) ASSERT_TRUE(model.contains(id));
      common += part.count;
    }
    for (const Range& part : set.missing(asked)) {
      for (TaskId id = part.first; id < part.end(); ++id) ASSERT_FALSE(model.contains(id));
      common += part.count;
    }
    ASSERT_EQ(common, asked.count);
    TaskId gap = 1;
    while (model.contains(gap)) ++gap;
    ASSERT_EQ(set.first_gap(1000).first, gap);
    const auto next = model.lower_bound(asked.first);
    const Range run = set.next_run(asked.first);
    ASSERT_EQ(run.count == 0, next == model.end());
    if (run.count == 0) continue;
    ASSERT_EQ(run.first, *next);
    for (TaskId id = run.first; id < run.end(); ++id) ASSERT_TRUE(model.contains(id));
    ASSERT_FALSE(model.contains(run.end()));
  }
}

}  // namespace
}  // namespace divvy
