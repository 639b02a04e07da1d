// The ventilator's parts besides its dispatch and its input: pool, backlog.
#include <gtest/gtest.h>

#include "ventilator/backlog.hpp"
#include "ventilator/pool.hpp"
#include "ventilator/troubles.hpp"

namespace divvy::ventilator {
namespace {

using Ranges = std::vector<Range>;
using Texts = std::vector<std::string>;

TEST(Pool, OffersTheLowestIdsFirst) {
  Pool pool;
  pool.grow(10);
  EXPECT_EQ(pool.next(3), (Range{1, 3}));
  pool.claim({1, 5});
  EXPECT_EQ(pool.next(3), (Range{6, 3}));
  pool.put_back({2, 1});
  EXPECT_EQ(pool.next(3), (Range{2, 1}));
  EXPECT_EQ(pool.pending(), 6U);
}

TEST(Pool, CountsTasksThatAreClaimedBeforeTheyAreRead) {
  Pool pool;
  EXPECT_EQ(pool.claim({5, 2}), (Ranges{{5, 2}}));
  EXPECT_TRUE(pool.claim({5, 1}).empty()) << "taken is taken";
  EXPECT_EQ(pool.pending(), 0U);
  pool.grow(5);
  EXPECT_EQ(pool.pending(), 4U);
  pool.grow(10);
  EXPECT_EQ(pool.pending(), 8U);
  pool.put_back({5, 2});
  EXPECT_EQ(pool.pending(), 10U);
}

TEST(Pool, OffersTheHighestRankFirstAndTheRestInOrder) {
  Pool pool;
  pool.rank(2, 10);
  pool.rank(4, 30);
  pool.rank(5, 30);
  pool.grow(5);
  Texts order;
  for (Range next = pool.next(9); next.count > 0; next = pool.next(9)) {
    pool.claim(next);
    order.push_back(std::to_string(next.first) + "+" + std::to_string(next.count));
  }
  EXPECT_EQ(order, (Texts{"4+1", "5+1", "2+1", "1+1", "3+1"}));
}

TEST(Pool, KeepsARankUntilTheTaskIsRetired) {
  Pool pool;
  pool.rank(3, 1);
  pool.grow(3);
  pool.claim({3, 1});
  EXPECT_EQ(pool.next(1), (Range{1, 1}));
  pool.put_back({3, 1});
  EXPECT_EQ(pool.next(1), (Range{3, 1}));
  EXPECT_EQ(pool.pending(), 3U);
  pool.retire({3, 1});
  pool.put_back({3, 1});
  EXPECT_EQ(pool.next(1), (Range{1, 1}));
}

TEST(Troubles, TellsTasksWithAHistoryFromThoseWithout) {
  Troubles troubles;
  EXPECT_EQ(troubles.alike({1, 10}), (Range{1, 10}));
  EXPECT_TRUE(troubles.strike(4));
  EXPECT_EQ(troubles.of(4).attempt(), 2U);
  EXPECT_EQ(troubles.alike({1, 10}), (Range{1, 3}));
  EXPECT_EQ(troubles.alike({4, 7}), (Range{4, 1}));
  troubles.forget({4, 1});
  EXPECT_EQ(troubles.alike({1, 10}), (Range{1, 10}));
}

TEST(Troubles, GivesUpAtTheThirdStrike) {
  Troubles troubles;
  EXPECT_TRUE(troubles.strike(1));
  EXPECT_TRUE(troubles.strike(1));
  EXPECT_FALSE(troubles.strike(1));
}

TEST(Troubles, LetsAFailedTaskWait) {
  Troubles troubles;
  const Time now{};
  troubles.fail(1, now + std::chrono::seconds(2));
  troubles.fail(2, now + std::chrono::seconds(1));
  EXPECT_EQ(troubles.deadline(), now + std::chrono::seconds(1));
  EXPECT_EQ(troubles.waited(now + std::chrono::seconds(1)), (std::vector<TaskId>{2}));
  EXPECT_EQ(troubles.waited(now + std::chrono::seconds(9)), (std::vector<TaskId>{1}));
  EXPECT_FALSE(troubles.deadline());
}

Texts texts_of(const Backlog& backlog, Range ids) {
  Texts texts;
  while (ids.count > 0) {
    const auto [part, packed] = backlog.slice(ids);
    EXPECT_EQ(part.first, ids.first);
    for_each_text(packed, [&](std::string_view text) { texts.emplace_back(text); });
    ids = {part.end(), ids.count - part.count};
  }
  return texts;
}

TEST(Backlog, GivesTextsByTheirIds) {
  Backlog backlog;
  for (const char* text : {"a", "", "ccc"}) backlog.append(text);
  EXPECT_EQ(backlog.last(), 3U);
  EXPECT_EQ(texts_of(backlog, {1, 3}), (Texts{"a", "", "ccc"}));
  EXPECT_EQ(texts_of(backlog, {2, 1}), (Texts{""}));
}

TEST(Backlog, GivesTextsAcrossItsChunksAndForgetsWhatIsRetired) {
  Backlog backlog;
  Texts all;
  for (int i = 1; i <= 10'000; ++i) {
    all.push_back("task " + std::to_string(i));
    backlog.append(all.back());
  }
  EXPECT_EQ(texts_of(backlog, {1, 10'000}), all);
  backlog.retire({1, 9'000});
  EXPECT_EQ(backlog.tasks(), 1000U);
  EXPECT_LT(backlog.bytes(), 64U * 1024);
  EXPECT_EQ(texts_of(backlog, {9'001, 2}), (Texts{"task 9001", "task 9002"}));
  backlog.retire({9'001, 1000});
  backlog.append("next");
  EXPECT_EQ(backlog.last(), 10'001U);
  EXPECT_EQ(texts_of(backlog, {10'001, 1}), (Texts{"next"}));
}

TEST(Backlog, IgnoresRetiringWhatIsNotThere) {
  Backlog backlog;
  backlog.retire({1, 5});
  backlog.append("a");
  backlog.retire({2, 5});
  EXPECT_EQ(backlog.tasks(), 1U);
}

}  // namespace
}  // namespace divvy::ventilator
