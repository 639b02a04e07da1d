#include "worker/rules/holdings.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace divvy::worker {
namespace {

constexpr WorkerId kSelf{1};
constexpr VentilatorId kVentilator{10};
constexpr BatchId kBatch{20};
using Received = Holdings::Received;
using Ranges = std::vector<Range>;

// How tasks ended that took a second each.
EndedChunk ended(Chunk tasks, Outcome outcome = Outcome::exited) {
  const std::vector<std::uint64_t> took(tasks.size(), 1'000'000'000);
  return {.tasks = std::move(tasks), .outcome = outcome, .started = 1, .took = took};
}

// Plays the ventilator to a Holdings.
class HoldingsTest : public testing::Test {
 protected:
  static Lane lane(std::uint64_t sequence) {
    return {.worker = kSelf, .ventilator = kVentilator, .sequence = sequence, .batch = kBatch};
  }

  // Gives it tasks, the text of each being its id.
  Received give(std::uint64_t sequence, Range ids, std::uint32_t attempt = 1) {
    texts_.clear();
    for (TaskId id = ids.first; id < ids.end(); ++id) append_text(texts_, std::to_string(id));
    Lane message = lane(sequence);
    message.tasks.push_back({.ids = ids, .attempt = attempt, .attempts = 3, .texts = texts_});
    return holdings_.receive(message, clock_);
  }

  [[nodiscard]] Presence presence() const { return holdings_.presence("host:1", "inbox", 2); }

  // Starts and ends the next task.
  void work() {
    Chunk task = holdings_.take_next();
    ASSERT_EQ(task.size(), 1U);
    holdings_.finish(ended(std::move(task)));
  }

  Ranges ids_sent() {
    Ranges ids;
    const auto frame = holdings_.next_results("w");
    if (!frame) return ids;
    const auto results = decode<Results>(*frame);
    for (const Result& result : results->results) ids.push_back(result.ids);
    return ids;
  }

  Holdings holdings_{kSelf};
  std::string texts_;
  std::int64_t clock_ = 1;
};

TEST_F(HoldingsTest, AnswerAGreetingAtOnce) {
  EXPECT_EQ(holdings_.receive(lane(1), clock_), Received::asked);
  EXPECT_EQ(presence().sequence, 1U);
  EXPECT_EQ(presence().ventilator, kVentilator);
}

TEST_F(HoldingsTest, ShowATaskAsQueuedThenRunningThenFinishedUntilItIsSettled) {
  EXPECT_EQ(give(1, {7, 1}), Received::accepted);
  EXPECT_EQ(presence().queued, (Ranges{{7, 1}}));

  Chunk task = holdings_.take_next();
  EXPECT_EQ(task.text(), "7");
  EXPECT_EQ(presence().running, (Ranges{{7, 1}}));
  EXPECT_TRUE(presence().queued.empty());

  holdings_.finish(ended(std::move(task)));
  EXPECT_EQ(presence().finished, (Ranges{{7, 1}}));
  EXPECT_EQ(ids_sent(), (Ranges{{7, 1}}));
  EXPECT_EQ(presence().finished, (Ranges{{7, 1}}));

  Lane settled = lane(2);
  settled.settled.push_back({{7, 1}, 1});
  holdings_.receive(settled, clock_);
  EXPECT_TRUE(presence().finished.empty());
  EXPECT_TRUE(holdings_.all_settled());
}

TEST_F(HoldingsTest, DropWhatIsForAnotherWorkerOrOld) {
  Lane other = lane(1);
  other.worker = WorkerId{99};
  EXPECT_EQ(holdings_.receive(other, clock_), Received::dropped);
  EXPECT_EQ(give(5, {1, 1}), Received::accepted);
  EXPECT_EQ(give(5, {2, 1}), Received::dropped);
  EXPECT_EQ(give(4, {3, 1}), Received::dropped);
  EXPECT_EQ(presence().queued, (Ranges{{1, 1}}));
}

TEST_F(HoldingsTest, FollowANewVentilatorForGood) {
  give(5, {1, 1});
  Lane fresh = lane(1);
  fresh.ventilator = VentilatorId{11};
  EXPECT_EQ(holdings_.receive(fresh, clock_), Received::asked);
  EXPECT_EQ(give(6, {2, 1}), Received::dropped);
  EXPECT_EQ(presence().queued, (Ranges{{1, 1}})) << "the same batch goes on";
}

TEST_F(HoldingsTest, ForgetTheTasksOfAnOldBatch) {
  give(1, {1, 3});
  Chunk running = holdings_.take_next();
  work();
  Lane fresh = lane(2);
  fresh.batch = BatchId{21};
  holdings_.receive(fresh, clock_);
  holdings_.finish(ended(std::move(running)));
  EXPECT_FALSE(holdings_.next_results("w"));
  EXPECT_EQ(holdings_.queued(), 0U);
  EXPECT_EQ(holdings_.running(), 0U);
}

TEST_F(HoldingsTest, GiveBackOnlyWhatIsQueued) {
  give(1, {1, 3});
  holdings_.take_next();
  Lane recall = lane(2);
  recall.recalled = {{1, 2}};
  EXPECT_EQ(holdings_.receive(recall, clock_), Received::asked);
  EXPECT_EQ(presence().running, (Ranges{{1, 1}}));
  EXPECT_EQ(presence().queued, (Ranges{{3, 1}}));
}

TEST_F(HoldingsTest, TakeATaskOnlyOnce) {
  give(1, {1, 2});
  give(2, {1, 3});
  EXPECT_EQ(holdings_.queued(), 3U);
}

TEST_F(HoldingsTest, TakeASettledTaskAgainForItsNextAttempt) {
  give(1, {1, 1});
  work();
  ids_sent();
  Lane again = lane(2);
  again.settled.push_back({{1, 1}, 1});
  append_text(texts_ = "", "1");
  again.tasks.push_back({.ids = {1, 1}, .attempt = 2, .attempts = 3, .texts = texts_});
  holdings_.receive(again, clock_);
  EXPECT_EQ(holdings_.take_next().attempt, 2U);
}

TEST_F(HoldingsTest, KeepAResultThatIsSettledForAnotherAttempt) {
  give(1, {1, 1}, 2);
  work();
  Lane late = lane(2);
  late.settled.push_back({{1, 1}, 1});
  holdings_.receive(late, clock_);
  EXPECT_FALSE(holdings_.all_settled());
}

TEST_F(HoldingsTest, SendResultsAgainUntilTheyAreSettled) {
  give(1, {1, 2});
  work();
  work();
  EXPECT_EQ(ids_sent(), (Ranges{{1, 1}, {2, 1}}));
  EXPECT_TRUE(ids_sent().empty());
  holdings_.resend_all();
  EXPECT_EQ(ids_sent(), (Ranges{{1, 1}, {2, 1}}));
}

TEST_F(HoldingsTest, AreDoneWithWorkloadsOfNoTimeOnceTheyAreReceived) {
  holdings_ = Holdings(kSelf, true);
  append_text(texts_, "0");
  append_text(texts_, "00");
  Lane message = lane(1);
  message.tasks.push_back({.ids = {1, 2}, .attempts = 3, .texts = texts_});
  holdings_.receive(message, clock_);
  EXPECT_EQ(holdings_.take_instant(), 2U);
  EXPECT_EQ(holdings_.take_instant(), 0U);
  EXPECT_TRUE(holdings_.take_next().empty());
  EXPECT_EQ(presence().finished, (Ranges{{1, 2}}));
  EXPECT_EQ(ids_sent(), (Ranges{{1, 2}}));

  give(2, {1, 2});
  EXPECT_EQ(holdings_.queued(), 0U) << "what it holds is not run again";
  give(3, {3, 2});
  EXPECT_EQ(holdings_.queued(), 2U);
}

TEST_F(HoldingsTest, TakeNoWorkloadForANumberThatIsACommandsArgument) {
  append_text(texts_, "0");
  Lane message = lane(1);
  message.tasks.push_back({.ids = {1, 1}, .attempts = 3, .texts = texts_});
  holdings_.receive(message, clock_);
  EXPECT_EQ(holdings_.queued(), 1U);
}

TEST_F(HoldingsTest, CountTheBytesOfResultsThatAreNotSettled) {
  give(1, {1, 1});
  EndedChunk end = ended(holdings_.take_next());
  end.output.assign(1000, 'x');
  holdings_.finish(end);
  EXPECT_GT(holdings_.kept_bytes(), 1000U);
  Lane settled = lane(2);
  settled.settled.push_back({{1, 1}, kAnyAttempt});
  holdings_.receive(settled, clock_);
  EXPECT_EQ(holdings_.kept_bytes(), 0U);
}

TEST_F(HoldingsTest, SendWhatAnEncodedMessageOfTheSameResultsIs) {
  give(1, {1, 3});
  Results results{.worker = kSelf, .name = "host:1", .batch = kBatch};
  std::vector<std::string> texts;
  for (const char* text : {"1", "2", "3"}) append_text(texts.emplace_back(), text);
  for (const std::string& text : texts) {
    Chunk task = holdings_.take_next();
    const Range ids = task.ids;
    holdings_.finish({.tasks = std::move(task),
                      .slot = 4,
                      .outcome = Outcome::exited,
                      .status = 7,
                      .output = "o",
                      .errors = "e",
                      .reason = "r",
                      .started = 1000,
                      .took = {1000}});
    results.results.push_back({.ids = ids,
                               .attempts = 3,
                               .slot = 4,
                               .outcome = Outcome::exited,
                               .status = 7,
                               .started = 1000,
                               .ended = 2000,
                               .texts = text,
                               .output = "o",
                               .errors = "e",
                               .reason = "r"});
  }
  EXPECT_EQ(holdings_.unsent(), 3U);
  EXPECT_EQ(holdings_.next_results("host:1"), encode(results));
  EXPECT_EQ(holdings_.unsent(), 0U);
}

// A result's times come from two clocks: one may be set while the task runs, the other may not.
TEST_F(HoldingsTest, EndTasksAsMuchAfterTheirStartAsTheyTook) {
  give(1, {1, 2});
  EndedChunk end = ended(holdings_.take_next(2));
  end.started = 5000;
  end.took = {7, 3};
  holdings_.finish(end);
  const auto frame = holdings_.next_results("w");
  ASSERT_TRUE(frame);
  const Result result = decode<Results>(*frame)->results.at(0);
  EXPECT_EQ(result.ended, 5010);
  EXPECT_EQ(result.took, (std::vector<std::uint64_t>{7, 3}));
}

TEST_F(HoldingsTest, TakeAtMostSoManyConsecutiveTasksAtOnce) {
  give(1, {1, 5});
  EXPECT_EQ(holdings_.take_next(3).ids, (Range{1, 3}));
  EXPECT_EQ(presence().running, (Ranges{{1, 3}}));
  EXPECT_EQ(holdings_.take_next(3).ids, (Range{4, 2}));
  EXPECT_EQ(holdings_.queued(), 0U);
}

TEST_F(HoldingsTest, TakeTogetherWhatFollowsEachOtherAndIsOfOneAttempt) {
  give(1, {1, 2});
  give(2, {3, 2});
  give(3, {5, 2}, 2);
  give(4, {9, 2}, 2);
  const Chunk tasks = holdings_.take_next(9);
  EXPECT_EQ(tasks.ids, (Range{1, 4}));
  EXPECT_TRUE(holds_texts(tasks.texts(), 4));
  EXPECT_EQ(holdings_.take_next(9).ids, (Range{5, 2}));
  EXPECT_EQ(holdings_.take_next(1).ids, (Range{9, 1}));
  EXPECT_EQ(holdings_.queued(), 1U);
}

TEST_F(HoldingsTest, SendTheResultOfSeveralTasksAsOne) {
  give(1, {1, 3});
  EndedChunk end = ended(holdings_.take_next(3));
  for (const char* output : {"a", "", "c"}) append_text(end.output, output);
  holdings_.finish(end);
  EXPECT_EQ(holdings_.unsent(), 3U);
  EXPECT_EQ(presence().finished, (Ranges{{1, 3}}));
  const auto frame = holdings_.next_results("w");
  ASSERT_TRUE(frame);
  std::vector<std::string> all;
  decode<Results>(*frame)->results.at(0).for_each_task([&](const TaskResult& task) {
    all.emplace_back(task.text);
    all.emplace_back(task.output);
  });
  EXPECT_EQ(all, (std::vector<std::string>{"1", "a", "2", "", "3", "c"}));

  Lane settled = lane(2);
  settled.settled.push_back({{1, 2}, 1});
  holdings_.receive(settled, clock_);
  EXPECT_EQ(presence().finished, (Ranges{{3, 1}})) << "some of it may be settled earlier";
}

TEST_F(HoldingsTest, GiveBackFromTheMiddleOfAnAssignment) {
  give(1, {1, 5});
  Lane recall = lane(2);
  recall.recalled = {{2, 1}, {4, 1}};
  holdings_.receive(recall, clock_);
  EXPECT_EQ(presence().queued, (Ranges{{1, 1}, {3, 1}, {5, 1}}));
  EXPECT_EQ(holdings_.queued(), 3U);
  for (const char* text : {"1", "3", "5"}) EXPECT_EQ(holdings_.take_next(9).text(), text);
}

TEST_F(HoldingsTest, SayOnceWhatAnInterruptedTaskHasPrinted) {
  give(1, {1, 2});
  EndedChunk killed = ended(holdings_.take_next(), Outcome::signalled);
  killed.status = 15;
  killed.output = "o";
  killed.slot = 3;
  holdings_.interrupt(std::move(killed));
  Lane settled = lane(2);
  settled.settled.push_back({{1, 1}, kAnyAttempt});
  holdings_.receive(settled, clock_);
  const auto frame = holdings_.next_results("w");
  ASSERT_TRUE(frame);
  const Result result = decode<Results>(*frame)->results.at(0);
  EXPECT_EQ(result.outcome, Outcome::interrupted);
  EXPECT_EQ(result.status, 0);
  EXPECT_EQ(result.output, "o");
  EXPECT_EQ(result.slot, 3U);
  holdings_.resend_all();
  EXPECT_FALSE(holdings_.next_results("w"));
  EXPECT_TRUE(holdings_.all_settled());
  EXPECT_EQ(holdings_.kept_bytes(), 0U);
}

TEST_F(HoldingsTest, TakeATaskThatWasPutBackBeforeAllOthers) {
  give(1, {1, 3});
  holdings_.put_back(holdings_.take_next());
  EXPECT_TRUE(presence().running.empty());
  EXPECT_EQ(presence().queued, (Ranges{{1, 3}}));
  EXPECT_EQ(holdings_.take_next().text(), "1");
}

TEST_F(HoldingsTest, SendNoMoreAtOnceThanAboutAMebibyte) {
  give(1, {1, 3});
  const std::string output(600'000, 'o');
  for (int i = 0; i < 3; ++i) {
    EndedChunk end = ended(holdings_.take_next());
    end.output = output;
    holdings_.finish(end);
  }
  EXPECT_EQ(ids_sent(), (Ranges{{1, 1}}));
  EXPECT_EQ(ids_sent(), (Ranges{{2, 1}}));
  EXPECT_EQ(ids_sent(), (Ranges{{3, 1}}));
  EXPECT_EQ(ids_sent(), Ranges{});
}

TEST_F(HoldingsTest, GiveBackAnInterruptedTaskAndWhatIsQueued) {
  give(1, {1, 3});
  holdings_.interrupt(ended(holdings_.take_next(), Outcome::signalled));
  EXPECT_TRUE(presence().running.empty());
  EXPECT_TRUE(presence().finished.empty());
  EXPECT_EQ(presence().queued, (Ranges{{2, 2}}));
  holdings_.give_back_queued();
  EXPECT_TRUE(presence().queued.empty());
  give(2, {1, 3});
  EXPECT_EQ(holdings_.queued(), 3U) << "what was given back can be taken again";
}

TEST_F(HoldingsTest, AreMostOfWhatAPresenceStates) {
  give(7, {1, 1});
  const Presence stated = presence();
  EXPECT_EQ(stated.worker, kSelf);
  EXPECT_EQ(stated.ventilator, kVentilator);
  EXPECT_EQ(stated.sequence, 7U);
  EXPECT_EQ(stated.batch, kBatch);
  EXPECT_FALSE(stated.workloads);
  EXPECT_EQ(stated.name, "host:1");
  EXPECT_EQ(stated.inbox, "inbox");
  EXPECT_EQ(stated.slots, 2U);
  EXPECT_TRUE(Holdings(kSelf, true).presence("", "", 0).workloads);
}

TEST_F(HoldingsTest, KeepsPiecesOfTheInputApartAndNamesThemInTheirResults) {
  append_text(texts_, piece_text({.name = "one", .size = 2, .data = "a\n"}));
  append_text(texts_, piece_text({.name = "two", .file = "f", .offset = 2, .size = 9}));
  append_text(texts_, "no piece");
  Lane message = lane(1);
  message.form = TextForm::piece;
  message.tasks.push_back({.ids = {4, 3}, .attempt = 1, .attempts = 1, .texts = texts_});
  holdings_.receive(message, clock_);
  EXPECT_EQ(holdings_.queued(), 3U);

  Chunk first = holdings_.take_next(10);
  EXPECT_EQ(first.ids, (Range{4, 1}));
  EXPECT_EQ(first.piece()->data, "a\n");
  EXPECT_EQ(first.text(), "one");
  const Chunk second = holdings_.take_next(10);
  EXPECT_EQ(second.piece()->offset, 2U);
  EXPECT_FALSE(holdings_.take_next(10).piece());

  holdings_.finish(ended(std::move(first)));
  const auto frame = holdings_.next_results("w");
  std::string name;
  append_text(name, "one");
  EXPECT_EQ(decode<Results>(*frame)->results.at(0).texts, name);
}

TEST_F(HoldingsTest, GivesBackAndIsGivenPiecesAgain) {
  for (const char* const name : {"1", "2"}) append_text(texts_, piece_text({.name = name}));
  Lane message = lane(1);
  message.form = TextForm::piece;
  message.tasks.push_back({.ids = {1, 2}, .texts = texts_});
  holdings_.receive(message, clock_);
  Lane recall = lane(2);
  recall.form = TextForm::piece;
  recall.recalled = {{2, 1}};
  holdings_.receive(recall, clock_);
  EXPECT_EQ(presence().queued, (Ranges{{1, 1}}));
  message.sequence = 3;
  holdings_.receive(message, clock_);
  EXPECT_EQ(presence().queued, (Ranges{{1, 2}}));
  EXPECT_EQ(holdings_.take_next().text(), "1");
  EXPECT_EQ(holdings_.take_next().piece()->name, "2");
}

}  // namespace
}  // namespace divvy::worker
