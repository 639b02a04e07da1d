#include "ventilator/rules/fleet.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <set>
#include <utility>
#include <vector>

namespace divvy::ventilator {
namespace {

using namespace std::chrono_literals;
using Ranges = std::vector<Range>;
using Ids = std::vector<TaskId>;

constexpr WorkerId kFirst{1};
constexpr WorkerId kSecond{2};

Ranges ids_of(const Member& member) {
  Ranges ids;
  for (const Member::Held& entry : member.held) ids.push_back(entry.ids);
  return ids;
}

TEST(Member, KeepsNoNoteOfFinishedTasksThatItDoesNotHold) {
  Member member;
  member.hold({1, 4}, 1);
  member.note_finished(RangeSet({{2, 1}, {4, 100}}));
  EXPECT_EQ(member.finished.ranges(), (Ranges{{2, 1}, {4, 1}}));
}

TEST(Member, HoldsWhatOneMessageBroughtTogether) {
  Member member;
  member.hold({1, 2}, 1);
  member.hold({3, 2}, 1);
  member.hold({5, 2}, 2);
  member.hold({9, 1}, 2);
  EXPECT_EQ(ids_of(member), (Ranges{{1, 4}, {5, 2}, {9, 1}}));
  EXPECT_EQ(member.held_tasks, 7U);
}

TEST(Member, ReleasesWhatItHoldsOnly) {
  Member member;
  member.hold({1, 5}, 1);
  member.hold({8, 2}, 2);
  member.recalled = RangeSet({{3, 1}, {5, 1}});
  EXPECT_EQ(member.release({3, 6}), (Ranges{{3, 3}, {8, 1}}));
  EXPECT_EQ(ids_of(member), (Ranges{{1, 2}, {9, 1}}));
  EXPECT_EQ(member.held.front().sequence, 1U);
  EXPECT_EQ(member.held.back().sequence, 2U);
  EXPECT_EQ(member.held_tasks, 3U);
  EXPECT_TRUE(member.recalled.empty());
  EXPECT_EQ(member.release({2, 1}), (Ranges{{2, 1}}));
  EXPECT_TRUE(member.release({2, 1}).empty());
  EXPECT_EQ(member.held_tasks, 2U);
}

TEST(Member, RunsTheFirstTasksThatAreNotFinishedInItsSlots) {
  Member member;
  member.slots = 2;
  member.hold({7, 2}, 1);
  member.hold({1, 3}, 2);
  EXPECT_EQ(member.running(), (Ids{7, 8}));
  member.note_finished(RangeSet({{7, 2}}));
  EXPECT_EQ(member.running(), (Ids{1, 2}));
}

TEST(Member, HasTheLastTasksQueuedBehindThoseThatItsSlotsRun) {
  Member member;
  member.slots = 2;
  member.hold({1, 4}, 1);
  member.hold({9, 2}, 2);
  EXPECT_EQ(member.last_queued(1), (Ranges{{10, 1}}));
  EXPECT_EQ(member.last_queued(3), (Ranges{{9, 2}, {4, 1}}));
  EXPECT_EQ(member.last_queued(100), (Ranges{{9, 2}, {3, 2}}));
  member.recalled = RangeSet({{9, 2}});
  EXPECT_EQ(member.last_queued(100), (Ranges{{3, 2}}));
}

TEST(Member, HasTasksInExcessWhenItLetsThemWaitForLongThoughSlotsAreFree) {
  Member member;
  member.slots = 4;
  member.hold({1, 4}, 1);
  const Presence presence{
      .slots = 4, .running = {{1, 1}}, .queued = {{3, 2}}, .finished = {{2, 1}}};
  member.note_waiting(presence, Time(10s));
  member.note_waiting(presence, Time(10s + 999ms));
  EXPECT_EQ(member.excess(), 0U);
  member.note_waiting(presence, Time(11s));
  EXPECT_EQ(member.excess(), 2U);
  EXPECT_EQ(member.last_queued(100), (Ranges{{3, 2}}));
  member.note_waiting({.slots = 4, .running = {{1, 1}, {3, 2}}, .finished = {{2, 1}}}, Time(12s));
  EXPECT_EQ(member.excess(), 0U);
}

TEST(Member, LetsNothingWaitWhenItsSlotsAreBusy) {
  Member member;
  member.slots = 2;
  member.hold({1, 3}, 1);
  const Presence presence{.slots = 2, .running = {{1, 2}}, .queued = {{3, 1}}};
  member.note_waiting(presence, Time(10s));
  member.note_waiting(presence, Time(20s));
  EXPECT_EQ(member.excess(), 1U) << "what is behind its slots, as ever";
}

TEST(Member, OffersSlotsWhileItIsUpAndDoesNotLeave) {
  Member member;
  member.slots = 2;
  EXPECT_EQ(member.offered(), 0U);
  EXPECT_FALSE(member.has_free_slot());
  member.up = true;
  EXPECT_EQ(member.offered(), 2U);
  EXPECT_TRUE(member.has_free_slot());
  member.hold({1, 3}, 1);
  EXPECT_EQ(member.busy_slots(), 2U);
  EXPECT_FALSE(member.has_free_slot());
  member.leaving = true;
  EXPECT_EQ(member.offered(), 0U);
}

TEST(Fleet, AddsUpWhatItsWorkersOfferAndHold) {
  Fleet fleet;
  const auto come_up = [](Member& member) {
    member.up = member.proven = true;
    member.slots = 2;
  };
  fleet.update(fleet.add(kFirst, "a", Time{}), come_up);
  fleet.update(fleet.add(kSecond, "b", Time{}), come_up);
  EXPECT_EQ(fleet.size(), 2U);
  EXPECT_EQ(fleet.up(), 2U);
  EXPECT_EQ(fleet.slots(), 4U);
  EXPECT_EQ(fleet.free_slots(), 4U);
  fleet.update(*fleet.find(kFirst), [](Member& member) { member.hold({1, 3}, 1); });
  EXPECT_EQ(fleet.free_slots(), 2U);
  EXPECT_EQ(fleet.outstanding(), 3U);
  EXPECT_EQ(fleet.overfull(), std::vector{kFirst});
  fleet.remove(kFirst);
  EXPECT_EQ(fleet.find(kFirst), nullptr);
  EXPECT_EQ(fleet.slots(), 2U);
  EXPECT_EQ(fleet.free_slots(), 2U);
  EXPECT_EQ(fleet.outstanding(), 0U);
  EXPECT_TRUE(fleet.overfull().empty());
}

TEST(Fleet, KnowsWhoHasBeenSilentForLongest) {
  Fleet fleet;
  EXPECT_FALSE(fleet.most_silent());
  fleet.add(kFirst, "a", Time{} + 1s);
  fleet.add(kSecond, "b", Time{} + 2s);
  EXPECT_EQ(fleet.most_silent(), std::pair(Time{} + 1s, kFirst));
  fleet.note_presence(*fleet.find(kFirst), Time{} + 3s);
  EXPECT_EQ(fleet.most_silent(), std::pair(Time{} + 2s, kSecond));
  fleet.remove(kSecond);
  EXPECT_EQ(fleet.most_silent(), std::pair(Time{} + 3s, kFirst));
}

TEST(Fleet, KnowsWhoHasNeverAnswered) {
  Fleet fleet;
  fleet.add(kFirst, "a", Time{} + 1s);
  fleet.add(kSecond, "b", Time{} + 2s);
  EXPECT_EQ(fleet.unanswered(), 2U);
  EXPECT_EQ(fleet.longest_unanswered(), std::pair(Time{} + 1s, kFirst));
  fleet.note_presence(*fleet.find(kFirst), Time{} + 9s);
  EXPECT_EQ(fleet.longest_unanswered(), std::pair(Time{} + 1s, kFirst)) << "that is no answer";
  fleet.update(*fleet.find(kFirst), [](Member& member) { member.proven = true; });
  EXPECT_EQ(fleet.unanswered(), 1U);
  EXPECT_EQ(fleet.longest_unanswered(), std::pair(Time{} + 2s, kSecond));
  fleet.remove(kSecond);
  EXPECT_EQ(fleet.unanswered(), 0U);
  EXPECT_FALSE(fleet.longest_unanswered());
}

TEST(Member, KnowsSinceWhenEachOfItsTasksRuns) {
  const auto at = [](int seconds) { return Time(std::chrono::seconds(seconds)); };
  Member member;
  member.slots = 2;
  member.hold({1, 3}, 1);
  member.note_running(at(10));
  member.release({1, 1});
  member.note_running(at(15));
  ASSERT_EQ(member.runs.size(), 2U);
  EXPECT_EQ(member.runs[0].id, 2U);
  EXPECT_EQ(member.runs[0].since, at(10));
  EXPECT_EQ(member.runs[1].id, 3U);
  EXPECT_EQ(member.runs[1].since, at(15)) << "it was queued until then";
}

}  // namespace
}  // namespace divvy::ventilator
