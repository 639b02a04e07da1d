// Where one ventilator ends: its rules, with thousands of workers and millions of tasks, on a clock
// that is not real.
//   scaling WORKERS TASKS MSEC [LOST]     tasks of MSEC/2 to 3/2 MSEC; halfway LOST workers are
//   gone
// What the rules decide is decided for real, and its CPU time is measured; what messages cost is
// assumed (kCosts). Prints one line; scaling without arguments prints a table of them.
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <fstream>
#include <queue>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "common/presence_pace.hpp"
#include "common/time.hpp"
#include "divvy/protocol.hpp"
#include "ventilator/rules/dispatch.hpp"

namespace {

using namespace divvy;
using namespace std::chrono_literals;
using ventilator::Dispatch;
using ventilator::Orders;

constexpr VentilatorId kSelf{1};
constexpr BatchId kBatch{2};

// Of the ventilator's thread: what a turn of its loop takes, what each message to a worker does,
// each receipt, and each presence. Assumed, from profiles of a busy machine; not measured each by
// itself.
struct Costs {
  Time::duration turn = 40us;
  Time::duration message = 8us;
  Time::duration receipt = 1us;
  Time::duration presence = 8us;
};
constexpr Costs kCosts;
// From the end of a task until the ventilator may read the receipt, and from a message until it is
// at the worker.
constexpr auto kWay = 200us;
// Results of brief tasks travel together.
constexpr auto kTogether = 10ms;

double cpu_seconds() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

double memory_mib() {
  std::ifstream statm("/proc/self/statm");
  double pages = 0;
  statm >> pages >> pages;
  return pages * 4096 / (1 << 20);
}

struct Worker {
  std::deque<Range> held{};   // the first task runs, unless it is idle
  std::uint64_t running = 0;  // tasks, that are told together
  std::uint64_t sequence = 0;
  bool idle = true;
  bool lost = false;
};

struct Ended {
  Time at{};
  std::size_t worker = 0;
  std::uint64_t tasks = 0;  // of those that it holds
  Time::duration took{};
  bool operator>(const Ended& other) const { return at > other.at; }
};

class Simulation {
 public:
  Simulation(std::size_t workers, std::uint64_t tasks, Time::duration mean, std::size_t lost)
      : tasks_(tasks),
        mean_(mean),
        lost_(lost),
        workers_(workers),
        before_(memory_mib()),
        dispatch_(kSelf, kBatch, {.workers_wanted = workers}) {
    dispatch_.input(tasks, true);
    dispatch_.allow_start();
    dispatch_.sink_reached(true);
  }

  void run() {
    while (dispatch_.workers() < workers_.size()) turn();
    const Time known = now_;
    while (dispatch_.recorded() < tasks_) {
      if (lost_ > 0 && dispatch_.recorded() > tasks_ / 2) lose(std::exchange(lost_, 0));
      turn();
    }
    print(known);
  }

 private:
  using Seconds = std::chrono::duration<double>;

  // What came while the turn before lasted is dealt with together.
  void turn() {
    Time::duration cost = kCosts.turn;
    const double begun = cpu_seconds();
    cost += presences();
    cost += receipts();
    Orders orders = dispatch_.decide(now_);
    decided_ += cpu_seconds() - begun;
    for (const Lane& lane : orders.send) deliver(lane, now_ + cost + kWay);
    cost += orders.send.size() * kCosts.message;
    messages_ += orders.send.size();
    busy_ += cost;
    now_ += cost;
    Time next = now_ + (asked_.empty() ? 100ms : Time::duration(kWay));
    next = std::min(next, presence_at_);
    if (!ended_.empty()) next = std::min(next, ended_.top().at + kWay);
    now_ = std::max(now_ + dispatch_.patience(), next);
  }

  // As if they had been started in the course of a second.
  Time::duration presences() {
    Time::duration cost{};
    const auto every = Time::duration(kPresenceEvery) / static_cast<Time::rep>(workers_.size());
    for (; presence_at_ <= now_; presence_at_ += std::max<Time::duration>(1ns, every)) {
      const std::size_t index = next_presence_++ % workers_.size();
      if (!workers_[index].lost) presence(index);
      cost += kCosts.presence;
    }
    for (const std::size_t index : std::exchange(asked_, {})) {
      presence(index);
      cost += kCosts.presence;
    }
    return cost;
  }

  void presence(std::size_t index) {
    const Worker& worker = workers_[index];
    Presence presence{.worker = WorkerId{index + 1}, .name = "w", .slots = 1, .reaches_sink = true};
    if (worker.sequence > 0) {
      presence.ventilator = kSelf;
      presence.sequence = worker.sequence;
      presence.batch = kBatch;
    }
    for (const Range& ids : worker.held) {
      if (presence.running.empty()) {
        presence.running.push_back({ids.first, 1});
        if (ids.count > 1) presence.queued.push_back({ids.first + 1, ids.count - 1});
      } else {
        presence.queued.push_back(ids);
      }
    }
    if (!dispatch_.presence(presence, "inbox", now_)) ++refused_;
  }

  Time::duration receipts() {
    Time::duration cost{};
    while (!ended_.empty() && ended_.top().at + kWay <= now_) {
      const Ended ended = ended_.top();
      ended_.pop();
      Worker& worker = workers_[ended.worker];
      if (worker.lost) continue;
      Range& front = worker.held.front();
      const Range ids{front.first, ended.tasks};
      front = {ids.end(), front.count - ids.count};
      if (front.count == 0) worker.held.pop_front();
      worker.idle = true;
      worker.running = 0;
      dispatch_.receipt({.worker = WorkerId{ended.worker + 1},
                         .ids = ids,
                         .attempt = kAnyAttempt,
                         .duration = static_cast<std::uint64_t>(ended.took.count())},
                        now_);
      work_ += ended.took;
      cost += kCosts.receipt;
      start(ended.worker, ended.at);
    }
    return cost;
  }

  void deliver(const Lane& lane, Time at) {
    const std::size_t index = static_cast<std::size_t>(lane.worker) - 1;
    Worker& worker = workers_[index];
    if (worker.lost) return;
    worker.sequence = lane.sequence;
    for (const Range& ids : lane.recalled) give_back(worker, ids);
    for (const Assignment& assignment : lane.tasks) worker.held.push_back(assignment.ids);
    if ((lane.settled.empty() && lane.tasks.empty()) || !lane.recalled.empty()) {
      asked_.push_back(index);
    }
    start(index, at);
  }

  static void give_back(Worker& worker, Range ids) {
    for (std::size_t i = worker.held.size(); i-- > 0;) {
      Range& held = worker.held[i];
      const TaskId first = std::max(held.first + (i == 0 ? worker.running : 0), ids.first);
      if (first < held.end() && ids.end() >= held.end()) held.count = first - held.first;
    }
    std::erase_if(worker.held, [](const Range& held) { return held.count == 0; });
  }

  void start(std::size_t index, Time at) {
    Worker& worker = workers_[index];
    if (!worker.idle || worker.held.empty()) return;
    worker.idle = false;
    Time::duration took{};
    std::uint64_t tasks = 0;
    while (tasks < worker.held.front().count && (tasks == 0 || took < kTogether)) {
      took += mean_ / 2 + Time::duration(random_() % static_cast<std::uint64_t>(mean_.count() + 1));
      ++tasks;
    }
    worker.running = tasks;
    ended_.push({at + took, index, tasks, took});
  }

  void lose(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      workers_[i].lost = true;
      dispatch_.disconnected(WorkerId{i + 1}, now_);
    }
  }

  void print(Time known) const {
    const double seconds = Seconds(now_ - known).count();
    const double perfect = Seconds(work_).count() / static_cast<double>(workers_.size());
    const auto each = static_cast<double>(tasks_);
    std::printf("| %zu | %llu | %g | %.0f | %.3g | %.2f | %.0f | %.2f | %.0f | %.0f |\n",
                workers_.size(), static_cast<unsigned long long>(tasks_),
                Seconds(mean_).count() * 1000, Seconds(known.time_since_epoch()).count() * 1000,
                seconds, seconds / perfect, each / seconds, decided_ / each * 1e6,
                100 * Seconds(busy_) / Seconds(now_.time_since_epoch()), memory_mib() - before_);
    std::fflush(stdout);
  }

  std::uint64_t tasks_;
  Time::duration mean_;
  std::size_t lost_;
  std::vector<Worker> workers_;
  double before_;
  Dispatch dispatch_;
  Time now_{};
  Time presence_at_{};
  std::size_t next_presence_ = 0;
  std::vector<std::size_t> asked_{};
  std::priority_queue<Ended, std::vector<Ended>, std::greater<>> ended_{};
  std::mt19937_64 random_{};  // NOLINT: the same each time
  Time::duration work_{};
  Time::duration busy_{};
  double decided_ = 0;
  std::uint64_t messages_ = 0;
  std::uint64_t refused_ = 0;
};

void print_table() {
  std::puts(
      "| workers | tasks | msec each | known after msec | seconds | : no cost | tasks/s | "
      "CPU us to decide | busy % | MiB |\n|---|---|---|---|---|---|---|---|---|---|");
  for (const std::size_t workers : {10, 100, 1000, 10'000}) {
    for (const auto each : {1000ms, 100ms, 10ms, 1ms}) {
      Simulation(workers, std::max<std::uint64_t>(20'000, 100 * workers), each, 0).run();
    }
  }
  Simulation(10'000, 10'000'000, 1000ms, 0).run();
  Simulation(10'000, 1'000'000, 1000ms, 3333).run();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 1) {
    print_table();
    return 0;
  }
  if (argc != 4 && argc != 5) return 1;
  const std::chrono::milliseconds each(std::stoi(argv[3]));
  Simulation(std::stoul(argv[1]), std::stoull(argv[2]), each, argc == 5 ? std::stoul(argv[4]) : 0)
      .run();
  return 0;
}
