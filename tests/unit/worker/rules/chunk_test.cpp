#include "worker/rules/chunk.hpp"

#include <gtest/gtest.h>

#include <string>

namespace divvy::worker {
namespace {

constexpr BatchId kBatch{7};

Chunk chunk(Range ids) {
  std::string texts;
  for (TaskId id = ids.first; id < ids.end(); ++id) append_text(texts, std::to_string(id));
  return {{.batch = kBatch}, ids, texts};
}

std::string texts_of(const Chunk& tasks) {
  std::string all;
  for_each_text(tasks.texts(), [&](std::string_view text) { all.append(text) += ' '; });
  return all;
}

TEST(Chunk, GivesItsFirstTasksAndKeepsTheRest) {
  Chunk tasks = chunk({5, 4});
  tasks.attempt = 2;
  tasks.attempts = 3;
  const Chunk front = tasks.take_front(3);
  EXPECT_EQ(front.ids, (Range{5, 3}));
  EXPECT_EQ(texts_of(front), "5 6 7 ");
  EXPECT_EQ(front.origin.batch, kBatch);
  EXPECT_EQ(front.attempt, 2U);
  EXPECT_EQ(front.attempts, 3U);
  EXPECT_EQ(tasks.ids, (Range{8, 1}));
  EXPECT_EQ(tasks.text(), "8");
}

TEST(Chunk, IsEmptyOnceAllWasTaken) {
  Chunk tasks = chunk({1, 2});
  EXPECT_EQ(texts_of(tasks.take_front(9)), "1 2 ");
  EXPECT_TRUE(tasks.empty());
  EXPECT_TRUE(tasks.take_front(1).empty());
}

TEST(Chunk, GivesNothingWhereNothingIsWanted) {
  Chunk tasks = chunk({1, 2});
  EXPECT_TRUE(tasks.take_front(0).empty());
  EXPECT_EQ(texts_of(tasks), "1 2 ");
}

TEST(Chunk, IsFollowedByTheNextTasksOfTheSameAttempt) {
  Chunk tasks = chunk({1, 2});
  Chunk next = chunk({3, 2});
  ASSERT_TRUE(tasks.is_followed_by(next));
  tasks.append(next);
  EXPECT_EQ(texts_of(tasks), "1 2 3 4 ");
  EXPECT_EQ(tasks.ids, (Range{1, 4}));
  EXPECT_FALSE(tasks.is_followed_by(chunk({6, 1})));
  Chunk again = chunk({5, 1});
  again.attempt = 2;
  EXPECT_FALSE(tasks.is_followed_by(again));
}

TEST(Chunk, OfAPlainTaskIsFollowedByNothing) {
  const Chunk plain = Chunk::of_plain(WorkerId{1}, "100");
  EXPECT_EQ(plain.text(), "100");
  EXPECT_EQ(plain.size(), 1U);
  EXPECT_FALSE(plain.is_followed_by(Chunk::of_plain(WorkerId{1}, "100")));
}

}  // namespace
}  // namespace divvy::worker
