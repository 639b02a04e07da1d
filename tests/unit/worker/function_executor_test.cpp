#include "worker/function_executor.hpp"

#include <gtest/gtest.h>
#include <poll.h>

#include <algorithm>
#include <chrono>
#include <latch>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/clock.hpp"

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

Chunk chunk(std::vector<std::string> texts, TaskId first = 1) {
  std::string packed;
  for (const std::string& text : texts) append_text(packed, text);
  return {{.batch = BatchId{1}}, {first, texts.size()}, packed};
}

Chunk many(std::uint64_t count, const std::string& text) {
  return chunk(std::vector<std::string>(count, text));
}

// Plays the worker: waits as it does, until so many tasks have ended.
std::vector<EndedChunk> ended(FunctionExecutor& executor, std::uint64_t tasks) {
  std::vector<EndedChunk> all;
  std::uint64_t count = 0;
  for (const Time until = now() + 30s; count < tasks && now() < until;) {
    pollfd ready{*executor.fd(), POLLIN, 0};
    const auto wait = executor.deadline().value_or(until) - now();
    ::poll(&ready, 1, static_cast<int>(std::max<std::int64_t>(0, wait / 1ms)));
    for (EndedChunk& one : executor.ended(now())) {
      count += one.tasks.size();
      all.push_back(std::move(one));
    }
  }
  EXPECT_EQ(count, tasks);
  return all;
}

std::string echo(std::string_view task) { return std::string(task); }

TEST(FunctionExecutor, DoesEachTaskOnceAndGathersTheResultsOfBriefOnes) {
  FunctionExecutor executor(echo, 2);
  Chunk tasks = many(5000, "t");
  executor.start(tasks, now());
  EXPECT_FALSE(executor.idle());
  const auto all = ended(executor, 5000);
  EXPECT_TRUE(executor.idle());
  EXPECT_LT(all.size(), 500U);
  std::vector<TaskId> ids;
  for (const EndedChunk& one : all) {
    EXPECT_EQ(one.outcome, Outcome::exited);
    EXPECT_EQ(one.took.size(), one.tasks.size());
    EXPECT_TRUE(one.tasks.size() == 1 || holds_texts(one.output, one.tasks.size()));
    for (TaskId id = one.tasks.ids.first; id < one.tasks.ids.end(); ++id) ids.push_back(id);
  }
  std::sort(ids.begin(), ids.end());
  for (TaskId id = 1; id <= 5000; ++id) ASSERT_EQ(ids.at(id - 1), id);
}

TEST(FunctionExecutor, FailsOnlyTheTaskThatThrows) {
  const auto picky = [](std::string_view task) {
    if (task == "bad") throw std::runtime_error("no such luck");
    return std::string(task);
  };
  FunctionExecutor executor(picky, 1);
  Chunk tasks = chunk({"a", "bad", "c"});
  executor.start(tasks, now());
  std::vector<std::string> outcomes;
  for (const EndedChunk& one : ended(executor, 3)) {
    if (one.outcome == Outcome::failed) {
      EXPECT_EQ(one.tasks.text(), "bad");
      EXPECT_EQ(one.tasks.size(), 1U);
      outcomes.push_back(one.reason);
    }
  }
  EXPECT_EQ(outcomes, (std::vector<std::string>{"no such luck"}));
}

// It waits in the function until the others are done, or for ever.
TEST(FunctionExecutor, LetsNoTaskWaitBehindAnotherWhileAThreadIsIdle) {
  std::latch others(100);
  const auto function = [&](std::string_view task) {
    if (task == "first") others.wait();
    if (task == "other") others.count_down();
    return std::string();
  };
  FunctionExecutor executor(function, 2);
  Chunk brief = many(20'000, "brief");
  executor.start(brief, now());
  ended(executor, 20'000);
  std::vector<std::string> texts(101, "other");
  texts.front() = "first";
  Chunk tasks = chunk(texts);
  executor.start(tasks, now());
  ended(executor, 101);
}

TEST(FunctionExecutor, BringsAResultWhileTheNextTaskRuns) {
  std::latch brought(1);
  const auto function = [&](std::string_view task) {
    if (task == "long") brought.wait();
    return std::string(task);
  };
  FunctionExecutor executor(function, 1);
  Chunk brief = many(20'000, "brief");
  executor.start(brief, now());
  ended(executor, 20'000);
  Chunk tasks = chunk({"brief", "long"});
  executor.start(tasks, now());
  EXPECT_EQ(ended(executor, 1).front().tasks.text(), "brief");
  brought.count_down();
  EXPECT_EQ(ended(executor, 1).front().tasks.text(), "long");
}

TEST(FunctionExecutor, GivesBackWhatItHasNotBegunInOrder) {
  std::latch running(1);
  std::latch given_back(1);
  const auto function = [&](std::string_view) {
    running.count_down();
    given_back.wait();
    return std::string();
  };
  FunctionExecutor executor(function, 1);
  Chunk first = chunk({"runs", "waits"});
  executor.start(first, now());
  Chunk second = chunk({"waits", "waits"}, 3);
  executor.start(second, now());
  running.wait();
  std::vector<TaskId> back;
  for (const Chunk& tasks : executor.take_back([](const Origin&) { return true; })) {
    for (TaskId id = tasks.ids.first; id < tasks.ids.end(); ++id) back.push_back(id);
  }
  EXPECT_EQ(back, (std::vector<TaskId>{2, 3, 4}));
  EXPECT_FALSE(executor.idle());
  given_back.count_down();
  EXPECT_EQ(ended(executor, 1).front().tasks.ids, (Range{1, 1}));
  EXPECT_TRUE(executor.idle());
}

TEST(FunctionExecutor, TakesOneTaskForEachThreadUntilItKnowsThatTheyAreBrief) {
  std::latch over(1);
  const auto function = [&](std::string_view task) {
    if (task == "long") over.wait();
    return std::string();
  };
  FunctionExecutor executor(function, 3);
  EXPECT_EQ(executor.room(now()), 3U);
  Chunk tasks = chunk({"long"});
  executor.start(tasks, now());
  EXPECT_EQ(executor.room(now()), 2U);
  over.count_down();
  ended(executor, 1);
}

TEST(FunctionExecutor, TellsHowManySlotsTheTasksOfABatchOccupy) {
  std::latch running(1);
  std::latch over(1);
  const auto function = [&](std::string_view) {
    running.count_down();
    over.wait();
    return std::string();
  };
  FunctionExecutor executor(function, 2);
  Chunk tasks = chunk({"t"});
  executor.start(tasks, now());
  running.wait();
  const auto of = [](BatchId batch) {
    return [batch](const Origin& origin) { return origin.batch == batch; };
  };
  for (const Time until = now() + 30s; executor.occupied(of(BatchId{1})) < 1 && now() < until;) {
  }
  EXPECT_EQ(executor.occupied(of(BatchId{1})), 1U);
  EXPECT_EQ(executor.occupied(of(BatchId{2})), 0U);
  over.count_down();
  ended(executor, 1);
}

}  // namespace
}  // namespace divvy::worker
