#include "ventilator/rules/orders.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace divvy::ventilator {
namespace {

using Ranges = std::vector<Range>;
using Assignments = std::vector<Assignment>;

constexpr VentilatorId kSelf{10};
constexpr BatchId kBatch{20};

Member member(std::uint64_t id, const std::string& name = {}) {
  Member member;
  member.id = WorkerId{id};
  member.name = name;
  return member;
}

class OrderBookTest : public testing::Test {
 protected:
  OrderBook book_{kSelf, kBatch};
  Member first_ = member(1, "first");
  Member second_ = member(2, "second");
};

TEST_F(OrderBookTest, GathersOneMessageForEachWorker) {
  book_.settle(first_, {{7, 1}, 2});
  book_.recall(second_, {4, 2});
  book_.give(first_, {.ids = {9, 1}});
  const Orders orders = book_.take();
  ASSERT_EQ(orders.send.size(), 2U);
  const Lane& lane = orders.send[0];
  EXPECT_EQ(lane.worker, first_.id);
  EXPECT_EQ(lane.ventilator, kSelf);
  EXPECT_EQ(lane.batch, kBatch);
  EXPECT_EQ(lane.settled, (std::vector<Settled>{{{7, 1}, 2}}));
  EXPECT_EQ(lane.tasks, (Assignments{{.ids = {9, 1}}}));
  EXPECT_TRUE(lane.recalled.empty());
  EXPECT_FALSE(lane.abort);
  EXPECT_EQ(orders.send[1].worker, second_.id);
  EXPECT_EQ(orders.send[1].recalled, (Ranges{{4, 2}}));
}

TEST_F(OrderBookTest, NumbersTheMessagesOverAllLanes) {
  EXPECT_EQ(book_.sequence(), 0U);
  EXPECT_EQ(book_.message_for(first_).sequence, 1U);
  EXPECT_EQ(book_.message_for(second_).sequence, 2U);
  EXPECT_EQ(book_.message_for(first_).sequence, 1U) << "it is the same message";
  EXPECT_EQ(first_.last_sent, 1U);
  EXPECT_EQ(second_.last_sent, 2U);
  (void)book_.take();
  EXPECT_EQ(book_.message_for(first_).sequence, 3U);
  EXPECT_EQ(first_.last_sent, 3U);
  EXPECT_EQ(book_.sequence(), 3U);
}

TEST_F(OrderBookTest, IsEmptyOnceItIsTaken) {
  book_.message_for(first_);
  book_.open(first_, "inbox");
  book_.close(second_);
  (void)book_.take();
  const Orders orders = book_.take();
  EXPECT_TRUE(orders.send.empty());
  EXPECT_TRUE(orders.open.empty());
  EXPECT_TRUE(orders.close.empty());
}

TEST_F(OrderBookTest, MakesOneEntryOfConsecutiveTasks) {
  book_.give(first_, {.ids = {1, 2}, .attempts = 3});
  book_.give(first_, {.ids = {3, 1}, .attempts = 3});
  book_.give(first_, {.ids = {4, 5}, .attempts = 3});
  EXPECT_EQ(book_.take().send.at(0).tasks, (Assignments{{.ids = {1, 8}, .attempts = 3}}));
}

TEST_F(OrderBookTest, KeepsTasksApartThatAreNotConsecutiveOrOfAnotherAttempt) {
  const Assignments apart{{.ids = {1, 2}},
                          {.ids = {4, 1}},
                          {.ids = {3, 1}},
                          {.ids = {4, 1}, .attempt = 2, .attempts = 2},
                          {.ids = {5, 1}, .attempt = 2, .attempts = 3}};
  for (const Assignment& assignment : apart) book_.give(first_, assignment);
  EXPECT_EQ(book_.take().send.at(0).tasks, apart);
}

TEST_F(OrderBookTest, MakesOneEntryOfConsecutiveResultsThatAreSettledForTheSameAttempt) {
  book_.settle(first_, {{1, 1}, 1});
  book_.settle(first_, {{2, 3}, 1});
  book_.settle(first_, {{5, 1}, kAnyAttempt});
  book_.settle(first_, {{6, 1}, kAnyAttempt});
  book_.settle(first_, {{8, 1}, kAnyAttempt});
  EXPECT_EQ(book_.take().send.at(0).settled,
            (std::vector<Settled>{{{1, 4}, 1}, {{5, 2}, kAnyAttempt}, {{8, 1}, kAnyAttempt}}));
}

TEST_F(OrderBookTest, DoesNotMixWhatIsForOneWorkerWithWhatIsForAnother) {
  book_.give(first_, {.ids = {1, 1}});
  book_.give(second_, {.ids = {2, 1}});
  book_.give(first_, {.ids = {3, 1}});
  const Orders orders = book_.take();
  EXPECT_EQ(orders.send.at(0).tasks, (Assignments{{.ids = {1, 1}}, {.ids = {3, 1}}}));
  EXPECT_EQ(orders.send.at(1).tasks, (Assignments{{.ids = {2, 1}}}));
}

TEST_F(OrderBookTest, TellsEachWorkerToAbortFromThenOn) {
  book_.message_for(first_);
  book_.abort();
  book_.message_for(second_);
  const Orders orders = book_.take();
  EXPECT_TRUE(orders.send.at(0).abort);
  EXPECT_TRUE(orders.send.at(1).abort);
  EXPECT_TRUE(book_.message_for(first_).abort);
}

TEST_F(OrderBookTest, OpensLanesToInboxes) {
  book_.open(first_, "tcp://192.0.2.1:7");
  const Orders orders = book_.take();
  ASSERT_EQ(orders.open.size(), 1U);
  EXPECT_EQ(orders.open[0].worker, first_.id);
  EXPECT_EQ(orders.open[0].name, "first");
  EXPECT_EQ(orders.open[0].inbox, "tcp://192.0.2.1:7");
}

TEST_F(OrderBookTest, SendsNothingMoreToAWorkerWhoseLaneIsClosed) {
  book_.open(first_, "inbox");
  book_.give(first_, {.ids = {1, 1}});
  book_.give(second_, {.ids = {2, 1}});
  book_.close(first_);
  book_.give(second_, {.ids = {3, 1}});
  const Orders orders = book_.take();
  EXPECT_TRUE(orders.open.empty());
  ASSERT_EQ(orders.close.size(), 1U);
  EXPECT_EQ(orders.close[0].worker, first_.id);
  EXPECT_EQ(orders.close[0].name, "first");
  ASSERT_EQ(orders.send.size(), 1U);
  EXPECT_EQ(orders.send[0].worker, second_.id);
  EXPECT_EQ(orders.send[0].tasks, (Assignments{{.ids = {2, 2}}})) << "it is still the same message";
}

TEST_F(OrderBookTest, CanOpenALaneAnewThatItClosesBefore) {
  book_.close(first_);
  book_.open(first_, "inbox");
  book_.message_for(first_);
  const Orders orders = book_.take();
  EXPECT_EQ(orders.close.size(), 1U);
  EXPECT_EQ(orders.open.size(), 1U);
  EXPECT_EQ(orders.send.size(), 1U);
}

}  // namespace
}  // namespace divvy::ventilator
