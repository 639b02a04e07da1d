// The rules of all three together, without sockets, processes or clocks: random sequences of what
// can happen, and what must hold whatever happens.
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "common/range_set.hpp"
#include "common/time.hpp"
#include "sink/rules/tally.hpp"
#include "ventilator/rules/dispatch.hpp"
#include "worker/rules/holdings.hpp"

namespace divvy {
namespace {

using namespace std::chrono_literals;
using ventilator::Dispatch;
using worker::Chunk;
using worker::EndedChunk;
using worker::Holdings;

constexpr BatchId kBatch{20};
constexpr std::uint64_t kTaskNanoseconds = 3'000'000;

struct SimulatedWorker {
  SimulatedWorker(WorkerId worker, std::uint32_t slot_count)
      : id(worker), slots(slot_count), holdings(worker) {}

  WorkerId id;
  std::uint32_t slots;
  Holdings holdings;
  bool frozen = false;
  bool leaving = false;
  std::vector<Chunk> running;     // one in each slot
  std::deque<std::string> inbox;  // frames under way to it
};

struct Chances {  // in a thousand steps
  int kill = 0;
  int freeze = 0;
  int leave = 0;
  int drop_connection = 0;  // of a worker to the sink, what is under way is lost
  int restart_ventilator = 0;
  int fail = 0;  // of a task's attempts
};

class World {
 public:
  World(unsigned seed, std::uint64_t tasks, std::uint32_t retries, Chances chances)
      : random_(seed), tasks_(tasks), retries_(retries), chances_(chances) {
    restart_ventilator();
    restarts_ = 0;
  }

  /// False if it does not come to an end.
  bool run() {
    for (int step = 0; step < 2'000'000; ++step) {
      if (tally_.recorded() == tasks_ && dispatch_->recorded() == tasks_) return true;
      now_ += std::chrono::microseconds(random_() % 4000);
      something_happens();
      decide();
    }
    return false;
  }

  [[nodiscard]] const sink::Tally& tally() const { return tally_; }
  [[nodiscard]] std::uint64_t dispatch_failed() const { return dispatch_->failed(); }

  /// Tasks that ran more often than retries, lost workers and restarts explain.
  [[nodiscard]] std::vector<TaskId> run_without_reason() const {
    std::vector<TaskId> ids;
    for (const auto& [id, count] : executions_) {
      const auto excused = excused_.find(id);
      const int excuses = (excused == excused_.end() ? 0 : excused->second) + restarts_;
      const auto failed = failures_.find(id);
      const int failures = failed == failures_.end() ? 0 : failed->second;
      if (count > 1 + excuses + failures) ids.push_back(id);
    }
    return ids;
  }

 private:
  bool chance(int in_a_thousand) { return static_cast<int>(random_() % 1000) < in_a_thousand; }

  void something_happens() {
    if (workers_.size() < 4 && chance(100)) connect();
    if (chance(chances_.restart_ventilator)) restart_ventilator();
    if (workers_.empty()) return;
    auto at = workers_.begin();
    std::advance(at, static_cast<long>(random_() % workers_.size()));
    SimulatedWorker& worker = at->second;
    if (chance(chances_.kill)) return kill(at->first);
    if (chance(chances_.leave)) worker.leaving = true;
    if (chance(chances_.freeze)) worker.frozen = true;
    if (worker.frozen) {
      worker.frozen = !chance(2);
      return;
    }
    if (chance(chances_.drop_connection)) drop_results_of(worker.id);
    switch (random_() % 5) {
      case 0:
        return receive(worker);
      case 1:
        return start(worker);
      case 2:
        return finish(worker);
      case 3:
        send_results(worker);
        return send_presence(worker);
      default:
        deliver_to_sink();
        return deliver_receipts();
    }
  }

  void connect() {
    const WorkerId id{++ids_};
    workers_.try_emplace(id, id, 1 + random_() % 3);
  }

  void kill(WorkerId id) {
    excuse(workers_.at(id));
    workers_.erase(id);
    dispatch_->disconnected(id, now_);
  }

  // What it has, or has under way to it, may run elsewhere as well.
  void excuse(const SimulatedWorker& worker) {
    for (TaskId id = 1; id <= tasks_; ++id) {
      if (given_[worker.id].contains(id)) ++excused_[id];
    }
  }

  void restart_ventilator() {
    ++restarts_;
    dispatch_ = std::make_unique<Dispatch>(VentilatorId{++ids_}, kBatch,
                                           Dispatch::Settings{.retries = retries_});
    receipts_.clear();
    dispatch_->input(tasks_);
    const auto recorded = tally_.recorded_from(1).receipts;
    for (const Receipt& receipt : recorded) dispatch_->receipt(receipt, now_);
    dispatch_->allow_start();
    for (auto& [id, worker] : workers_) {
      // What the old one sent last may arrive or not.
      if (random_() % 2 == 0) worker.inbox.clear();
    }
  }

  void drop_results_of(WorkerId id) {
    std::erase_if(results_,
                  [&](const std::string& frame) { return decode<Results>(frame)->worker == id; });
    workers_.at(id).holdings.resend_all();
  }

  void receive(SimulatedWorker& worker) {
    if (worker.inbox.empty()) return;
    const auto lane = decode<Lane>(worker.inbox.front());
    const auto received = worker.holdings.receive(*lane, 0);
    worker.inbox.pop_front();
    if (worker.leaving) worker.holdings.give_back_queued();
    if (received == Holdings::Received::asked) send_presence(worker);
  }

  void start(SimulatedWorker& worker) {
    if (worker.running.size() >= worker.slots) return;
    Chunk tasks = worker.holdings.take_next(1 + random_() % 3);
    if (!tasks.empty()) worker.running.push_back(std::move(tasks));
  }

  // As one result, if the first does not fail. What is not begun goes back now and then.

  void finish(SimulatedWorker& worker) {
    if (worker.running.empty()) return;
    const auto which =
        worker.running.begin() + static_cast<long>(random_() % worker.running.size());
    const bool fails = chance(chances_.fail);
    EndedChunk ended{.tasks = which->take_front(fails ? 1 : 1 + random_() % 3),
                     .outcome = Outcome::exited,
                     .status = fails ? 1 : 0};
    ended.took.assign(ended.tasks.size(), kTaskNanoseconds);
    const Range ids = ended.tasks.ids;
    for (TaskId id = ids.first; id < ids.end(); ++id) ++executions_[id];
    if (fails) ++failures_[ids.first];
    worker.holdings.finish(ended);
    if (!which->empty() && random_() % 2 == 0) worker.holdings.put_back(which->take_front(3));
    if (which->empty()) worker.running.erase(which);
  }

  void send_presence(SimulatedWorker& worker) {
    Presence presence = worker.holdings.presence("w", "inbox", worker.leaving ? 0 : worker.slots);
    presence.reaches_sink = true;
    EXPECT_TRUE(dispatch_->presence(presence, "inbox", now_));
    const bool left = worker.leaving && worker.running.empty() && worker.holdings.all_settled();
    if (left) {
      dispatch_->disconnected(worker.id, now_);
      workers_.erase(worker.id);
    }
  }

  void send_results(SimulatedWorker& worker) {
    while (auto frame = worker.holdings.next_results("w")) results_.push_back(std::move(*frame));
  }

  void deliver_to_sink() {
    if (results_.empty()) return;
    const auto results = decode<Results>(results_.front());
    ASSERT_TRUE(results);
    for (const Result& result : results->results) {
      const auto ruling = tally_.rule(result);
      for (const Range& ids : ruling.recorded) {
        ASSERT_TRUE(recorded_.missing(ids) == std::vector<Range>{ids}) << "recorded twice";
        recorded_.insert(ids);
      }
      receipts_.push_back({.worker = results->worker,
                           .ids = result.ids,
                           .attempt = result.attempt,
                           .verdict = ruling.verdict,
                           .duration = kTaskNanoseconds});
    }
    results_.pop_front();
  }

  void deliver_receipts() {
    for (const Receipt& receipt : std::exchange(receipts_, {})) dispatch_->receipt(receipt, now_);
  }

  void decide() {
    auto orders = dispatch_->decide(now_);
    for (const auto& close : orders.close) {
      const auto at = workers_.find(close.worker);
      if (at != workers_.end()) excuse(at->second);  // it was silent, not dead
    }
    for (Lane& lane : orders.send) {
      const auto at = workers_.find(lane.worker);
      if (at == workers_.end()) continue;
      std::deque<std::string> texts;
      for (Assignment& assignment : lane.tasks) {
        std::string& packed = texts.emplace_back();
        for (TaskId id = assignment.ids.first; id < assignment.ids.end(); ++id) {
          append_text(packed, std::to_string(id));
        }
        given_[lane.worker].insert(assignment.ids);
        assignment.texts = packed;
      }
      at->second.inbox.push_back(encode(lane));
    }
    for (const TaskId id : dispatch_->take_lost_tasks()) {
      std::string text;
      append_text(text, std::to_string(id));
      const Result lost{.ids = {id, 1}, .outcome = Outcome::lost, .texts = text};
      results_.push_back(encode(Results{.batch = kBatch, .results = {lost}}));
    }
  }

  std::mt19937 random_;
  std::uint64_t tasks_;
  std::uint32_t retries_;
  Chances chances_;
  Time now_{1h};
  std::uint64_t ids_ = 100;

  std::unique_ptr<Dispatch> dispatch_;
  sink::Tally tally_;
  std::map<WorkerId, SimulatedWorker> workers_;
  std::deque<std::string> results_;  // under way to the sink
  std::vector<Receipt> receipts_;    // under way to the ventilator

  RangeSet recorded_;
  std::map<TaskId, int> executions_;
  std::map<TaskId, int> failures_;
  std::map<TaskId, int> excused_;
  std::map<WorkerId, RangeSet> given_;
  int restarts_ = 0;
};

// Sanitizers make it ten times as slow, and find in a few worlds what there is to find.
#ifdef __SANITIZE_ADDRESS__
constexpr unsigned kOneOf = 5;
#else
constexpr unsigned kOneOf = 1;
#endif

void expect_right_ends(unsigned worlds, std::uint32_t retries, Chances chances) {
  for (unsigned seed = 1; seed <= worlds / kOneOf; ++seed) {
    World world(seed, 60, retries, chances);
    ASSERT_TRUE(world.run()) << "no end with seed " << seed;
    EXPECT_EQ(world.tally().recorded(), 60U) << seed;
    EXPECT_EQ(world.dispatch_failed(), world.tally().failed()) << seed;
    EXPECT_EQ(world.run_without_reason(), std::vector<TaskId>{}) << seed;
  }
}

TEST(Simulation, EveryTaskIsRecordedOnceWhenNothingHappens) { expect_right_ends(50, 0, {}); }

TEST(Simulation, EveryTaskIsRecordedOnceWhenWorkersDie) { expect_right_ends(100, 0, {.kill = 10}); }

TEST(Simulation, EveryTaskIsRecordedOnceWhenWorkersFreezeAndWake) {
  expect_right_ends(30, 0, {.freeze = 5});
}

TEST(Simulation, NothingRunsTwiceWhenWorkersLeaveInOrder) {
  expect_right_ends(100, 0, {.leave = 5});
}

TEST(Simulation, NothingRunsTwiceWhenConnectionsToTheSinkBreak) {
  expect_right_ends(100, 0, {.drop_connection = 30});
}

TEST(Simulation, FailedTasksAreTriedAgain) { expect_right_ends(100, 2, {.fail = 300}); }

TEST(Simulation, EveryTaskIsRecordedOnceWhenTheVentilatorRestarts) {
  expect_right_ends(100, 0, {.restart_ventilator = 5});
}

TEST(Simulation, EveryTaskIsRecordedOnceWhateverHappens) {
  expect_right_ends(200, 1,
                    {.kill = 4,
                     .freeze = 2,
                     .leave = 2,
                     .drop_connection = 10,
                     .restart_ventilator = 2,
                     .fail = 200});
}

}  // namespace
}  // namespace divvy
