#include "worker/rules/fair_slots.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <ostream>
#include <vector>

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

constexpr Time kStart{1000s};

TEST(FairShare, IsAllForOneAlone) {
  EXPECT_EQ(fair_share(8, {}), 8U);
  EXPECT_EQ(fair_share(8, {0, 0}), 8U);
}

TEST(FairShare, IsTheSameForAllWhoWantMore) {
  EXPECT_EQ(fair_share(8, {1000}), 4U);
  EXPECT_EQ(fair_share(9, {1000, 9}), 3U);
}

TEST(FairShare, HasWhatOthersDoNotNeed) {
  EXPECT_EQ(fair_share(8, {2}), 6U);
  EXPECT_EQ(fair_share(8, {1, 1000}), 4U);
  EXPECT_EQ(fair_share(8, {1, 2}), 5U);
}

TEST(FairShare, IsRoundedUpAndNeverNone) {
  EXPECT_EQ(fair_share(3, {3}), 2U);
  EXPECT_EQ(fair_share(1, {1}), 1U);
  EXPECT_EQ(fair_share(1, {1, 1, 1, 1}), 1U);
}

// Plays a worker and its ventilators, each of which has given it as many tasks as it was offered,
// and gives it the next one a moment after the end of one.
class Played {
 public:
  struct Batch {
    Time::duration each;              // task
    std::uint64_t left = 1'000'000;   // tasks
    Time::duration round_trip = 2ms;  // until the next one is there
    std::uint64_t ahead = 0;          // tasks beyond its share
    Time begins = kStart;             // the first ones come
    Time::duration used{};            // slot time
    std::uint64_t startable = 0;
    std::vector<Time> arrivals{};
    std::vector<Time> ends{};  // of what runs
  };

  Played(std::uint32_t slots, std::vector<Batch> batches)
      : slots_(slots), batches_(std::move(batches)) {
    for (Batch& batch : batches_) {
      fair_.add();
      const auto share = (slots + batches_.size() - 1) / batches_.size() + batch.ahead;
      batch.arrivals.assign(share, batch.begins);
    }
  }

  void run(Time::duration for_long) {
    for (const Time end = now_ + for_long; now_ < end; now_ += 1ms) {
      take_in();
      while (start_one()) {
      }
    }
  }

  [[nodiscard]] double part(std::size_t batch) const {
    Time::duration all{};
    for (const Batch& one : batches_) all += one.used;
    return static_cast<double>(batches_[batch].used.count()) / static_cast<double>(all.count());
  }
  /// Of the slots, so far.
  [[nodiscard]] double busy() const {
    Time::duration all{};
    for (const Batch& one : batches_) all += one.used;
    return static_cast<double>(all.count()) /
           static_cast<double>(((now_ - kStart) * slots_).count());
  }

 private:
  void take_in() {
    for (std::size_t i = 0; i < batches_.size(); ++i) {
      Batch& batch = batches_[i];
      std::erase_if(batch.ends, [&](Time at) {
        if (at > now_) return false;
        batch.arrivals.push_back(now_ + batch.round_trip);
        batch.used += batch.each;
        fair_.ended(i, 1, batch.each, now_);
        return true;
      });
      std::erase_if(batch.arrivals, [&](Time at) {
        if (at > now_) return false;
        if (batch.left > 0) ++batch.startable;
        batch.left -= std::min<std::uint64_t>(batch.left, 1);
        return true;
      });
      note(i);
    }
  }

  bool start_one() {
    std::vector<std::uint32_t> occupied;
    std::uint32_t busy = 0;
    for (const Batch& batch : batches_) {
      occupied.push_back(static_cast<std::uint32_t>(batch.ends.size()));
      busy += occupied.back();
    }
    if (busy == slots_) return false;
    const auto turn = fair_.next(1, slots_, occupied, now_);
    if (!turn.pipeline) return false;
    Batch& batch = batches_[*turn.pipeline];
    EXPECT_GT(batch.startable, 0U);
    --batch.startable;
    batch.ends.push_back(now_ + batch.each);
    note(*turn.pipeline);
    return true;
  }

  void note(std::size_t i) {
    const Batch& batch = batches_[i];
    fair_.note(i, {.startable = batch.startable, .running = batch.ends.size()}, now_);
  }

  std::uint32_t slots_;
  std::vector<Batch> batches_;
  FairSlots fair_;
  Time now_ = kStart;
};

struct Case {
  std::uint32_t slots;
  std::vector<Time::duration> tasks;

  friend void PrintTo(const Case& that, std::ostream* out) {
    *out << that.slots << " slots, " << that.tasks.size() << " pipelines";
  }
};

class FairSlotsOfPlenty : public testing::TestWithParam<Case> {};

TEST_P(FairSlotsOfPlenty, GivesEachTheSameTime) {
  const Case& that = GetParam();
  std::vector<Played::Batch> batches;
  for (const auto each : that.tasks)
    batches.push_back({.each = each, .ahead = each < 1s ? 1U : 0U});
  Played played(that.slots, batches);
  played.run(200s);
  const double equal = 1.0 / static_cast<double>(that.tasks.size());
  for (std::size_t i = 0; i < that.tasks.size(); ++i) {
    EXPECT_NEAR(played.part(i), equal, 0.1 * equal) << "slots " << that.slots << " pipeline " << i;
  }
  EXPECT_GT(played.busy(), 0.9);
}

INSTANTIATE_TEST_SUITE_P(, FairSlotsOfPlenty,
                         testing::Values(Case{2, {50ms, 50ms}}, Case{1, {50ms, 50ms}},
                                         Case{1, {1000ms, 100ms}}, Case{1, {2s, 1s}},
                                         Case{2, {2s, 100ms}}, Case{3, {1s, 100ms}},
                                         Case{3, {2s, 1500ms}}, Case{5, {3s, 30ms}},
                                         Case{7, {100ms, 2s}}, Case{3, {100ms, 300ms, 900ms}},
                                         Case{1, {100ms, 300ms, 900ms}}, Case{4, {2s, 1s, 10ms}},
                                         Case{8, {5s, 3s, 2s}}));

TEST(FairSlots, GivesAllToOneAlone) {
  Played played(4, {{.each = 100ms, .ahead = 3}, {.each = 100ms, .left = 0}});
  played.run(20s);
  EXPECT_EQ(played.part(0), 1.0);
  EXPECT_GT(played.busy(), 0.9);
}

TEST(FairSlots, GivesAllToWhoIsLeft) {
  Played played(4, {{.each = 2s, .ahead = 2}, {.each = 2s, .left = 2}});
  played.run(40s);
  EXPECT_GT(played.busy(), 0.9);
}

TEST(FairSlots, GivesNoCreditToWhoWasIdle) {
  Played played(2,
                {{.each = 100ms, .ahead = 2}, {.each = 100ms, .ahead = 2, .begins = kStart + 50s}});
  played.run(100s);
  EXPECT_NEAR(played.part(1), 0.25, 0.025);  // half of the second half
}

// Each of its tasks comes too late to wait for it.
TEST(FairSlots, KeepsNoSlotFreeForWhoIsSlowToBringTasks) {
  Played played(1, {{.each = 30ms, .ahead = 1}, {.each = 1ms, .round_trip = 100ms}});
  played.run(100s);
  EXPECT_GT(played.busy(), 0.95);
}

TEST(FairSlots, GivesTheNextFreeSlotToWhoHasNone) {
  FairSlots fair;
  fair.add();
  fair.add();
  fair.note(0, {.startable = 5, .running = 8}, kStart);
  fair.note(1, {.startable = 1}, kStart);
  EXPECT_EQ(fair.next(1, 8, {7, 0}, kStart).pipeline, 1U);
}

TEST(FairSlots, GivesBriefTasksTogetherAndLongOnesOneByOne) {
  FairSlots fair;
  fair.add();
  fair.add();
  fair.ended(0, 10, 10ms, kStart);
  fair.ended(1, 1, 10s, kStart);
  fair.note(0, {.startable = 1000}, kStart);
  EXPECT_EQ(fair.next(500, 2, {0, 0}, kStart).most, 500U);
  fair.note(1, {.startable = 1000}, kStart);
  EXPECT_EQ(fair.next(500, 2, {0, 1}, kStart).most, 20U);
  EXPECT_EQ(fair.next(500, 2, {1, 0}, kStart).most, 1U);
}

TEST(FairSlots, ChangesSharesWhenAnotherOneHasTasks) {
  FairSlots fair;
  fair.add();
  fair.add();
  fair.note(0, {.startable = 9}, kStart);
  EXPECT_TRUE(fair.shares_changed(kStart));
  EXPECT_FALSE(fair.shares_changed(kStart));
  EXPECT_EQ(fair.share(0, 4), 4U);
  EXPECT_EQ(fair.share(1, 4), 2U);
  fair.note(1, {.startable = 1}, kStart);
  EXPECT_TRUE(fair.shares_changed(kStart));
  EXPECT_EQ(fair.share(0, 4), 3U);
}

// Between two tasks it may have none for a moment.
TEST(FairSlots, RemembersForAWhileThatOneHadTasks) {
  FairSlots fair;
  fair.add();
  fair.add();
  fair.note(0, {.startable = 9}, kStart);
  fair.note(1, {.running = 2}, kStart);
  fair.shares_changed(kStart);
  fair.note(1, {}, kStart + 1ms);
  EXPECT_FALSE(fair.shares_changed(kStart + 1ms));
  EXPECT_EQ(fair.share(0, 4), 2U);
  Time now = kStart + 1ms;
  for (int periods = 0; fair.deadline(); ++periods) {
    ASSERT_LT(periods, 3);
    now = *fair.deadline();
    fair.shares_changed(now);
  }
  EXPECT_EQ(fair.share(0, 4), 4U);
}

}  // namespace
}  // namespace divvy::worker
