// A worker of somebody's own: serve() calls a function for each task.
//
//   divvy::serve(divvy::endpoints_at("127.0.0.1"), [](std::string_view task) {
//     return std::string(task) + ": done\n";
//   });
//
// docs/protocol.md has the rules that this keeps. It does one task at a time: start as many as
// there are cores. It speaks native messages only, on loopback and through ipc, and has no key.
#pragma once

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <functional>
#include <future>
#include <map>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "divvy/endpoints.hpp"
#include "divvy/following.hpp"
#include "divvy/line.hpp"
#include "divvy/messages.hpp"
#include "divvy/ranges.hpp"

namespace divvy {

/// Does a task, in a thread beside the one that serves; never two at once. Returns what the sink is
/// to print, at most kMaxOutputBytes. An exception fails the task, its what() being the reason.
using Work = std::function<std::string(std::string_view task)>;

/// What serve() is made of.
class Server {
 public:
  Server(const Endpoints& endpoints, Work work)
      : work_(std::move(work)),
        name_(host_and_pid()),
        inbox_(context_, zmq::socket_type::pull),
        bell_(context_, zmq::socket_type::pair),
        ringer_(context_, zmq::socket_type::pair),
        feedback_(context_, endpoints.feedback),
        results_(context_, endpoints.results) {
    inbox_.set(zmq::sockopt::maxmsgsize, std::int64_t{kMaxLaneBytes});
    inbox_.set(zmq::sockopt::ipv6, is_ipv6(endpoints.feedback));
    inbox_.bind(inbox_beside(endpoints.feedback));
    bell_.bind("inproc://bell");
    ringer_.connect("inproc://bell");
  }

  [[noreturn]] void run() {
    while (true) {
      wait();
      if (feedback_.connected_anew()) presence_at_ = Clock::now();
      if (results_.connected_anew()) {
        for (auto& [id, task] : held_) task.sent = false;
      }
      while (const auto message = Line::receive(inbox_)) hear(message->to_string_view());
      if (Line::receive(bell_)) finish(done_.get());
      start();
      send_results();
      if (Clock::now() >= presence_at_) send_presence();
    }
  }

 private:
  using Clock = std::chrono::steady_clock;
  enum class State { queued, running, finished };

  struct Task {
    TaskRun run;  // its own part of the run that it came in, without the text
    std::string text;
    State state = State::queued;
    std::string frame;  // its result, once it is finished
    bool sent = false;
  };

  struct Done {
    BatchId batch{};
    TaskId id = 0;
    std::string frame;
  };

  static std::string host_and_pid() {
    std::array<char, 256> host{};
    ::gethostname(host.data(), host.size() - 1);
    return host.data() + (":" + std::to_string(::getpid()));
  }

  static std::uint64_t random_id() {
    std::random_device device;
    return std::uint64_t{device()} << 32 | device() | 1;
  }

  static std::int64_t now_utc() {
    const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::nanoseconds>(since_1970).count();
  }

  [[nodiscard]] std::string inbox_beside(const std::string& feedback) const {
    if (is_ipv6(feedback)) return "tcp://[::1]:*";
    if (!feedback.starts_with("ipc://")) return "tcp://127.0.0.1:*";
    const std::string directory = feedback.substr(0, feedback.rfind('/') + 1);
    return directory + "inbox-" + std::to_string(static_cast<std::uint64_t>(self_));
  }

  void wait() {
    const bool unsent = std::any_of(held_.begin(), held_.end(), [](const auto& held) {
      return held.second.state == State::finished && !held.second.sent;
    });
    std::vector<zmq::pollitem_t> items{{inbox_.handle(), 0, ZMQ_POLLIN, 0},
                                       {bell_.handle(), 0, ZMQ_POLLIN, 0},
                                       feedback_.news(),
                                       results_.news()};
    if (unsent) items.push_back(results_.writable());
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(presence_at_ - Clock::now());
    zmq::poll(items, std::max(left, std::chrono::milliseconds(0)));
  }

  // --- what the ventilator says

  void hear(std::string_view frame) {
    const auto lane = decode<Lane>(frame);
    if (!lane || !following_.hear(*lane)) return;
    if (lane->batch != batch_) change_batch(lane->batch);
    for (const Settled& settled : lane->settled) {
      forget(settled.ids, [&](const Task& task) {
        const bool same = settled.attempt == kAnyAttempt || settled.attempt == task.run.attempt;
        return task.state == State::finished && same;
      });
    }
    for (const Range& ids : lane->recalled) {
      forget(ids, [](const Task& task) { return task.state == State::queued; });
    }
    for (const TaskRun& run : lane->tasks) queue(run);
    const bool greeting = lane->settled.empty() && lane->tasks.empty();
    if (greeting || !lane->recalled.empty()) presence_at_ = Clock::now();
  }

  void change_batch(BatchId batch) {
    batch_ = batch;
    held_.clear();
    queue_.clear();
  }

  void forget(Range ids, auto&& which) {
    const auto end = held_.lower_bound(ids.end());
    for (auto at = held_.lower_bound(ids.first); at != end;) {
      at = which(at->second) ? held_.erase(at) : std::next(at);
    }
  }

  void queue(const TaskRun& run) {
    TaskId id = run.ids.first;
    for_each_text(run.texts, [&](std::string_view text) {
      Task task{{{id, 1}, run.attempt, run.attempts, {}}, std::string(text), {}, {}, {}};
      if (held_.try_emplace(id, std::move(task)).second) queue_.push_back(id);
      ++id;
    });
  }

  // --- the work

  void start() {
    while (!done_.valid() && !queue_.empty()) {
      const auto next = held_.find(queue_.front());
      queue_.pop_front();
      if (next == held_.end() || next->second.state != State::queued) continue;  // taken back
      Task& task = next->second;
      task.state = State::running;
      done_ =
          std::async(std::launch::async, [this, batch = batch_, run = task.run, text = task.text] {
            Done done{batch, run.ids.first, perform(batch, run, text)};
            ringer_.send(zmq::message_t{}, zmq::send_flags::none);
            return done;
          });
    }
  }

  [[nodiscard]] std::string perform(BatchId batch, const TaskRun& run,
                                    std::string_view text) const {
    Result result;
    result.ids = run.ids;
    result.attempt = run.attempt;
    result.attempts = run.attempts;
    result.started = now_utc();
    result.outcome = Outcome::failed;
    std::string output;
    std::string reason;
    try {
      std::string printed = work_(text);
      if (printed.size() > kMaxOutputBytes) throw std::length_error("its output is too long");
      output = std::move(printed);
      result.outcome = Outcome::exited;
    } catch (const std::exception& error) {
      reason = error.what();
    } catch (...) {
      reason = "it threw what is no std::exception";
    }
    result.ended = std::max(result.started, now_utc());
    std::string texts;
    append_text(texts, text);
    result.texts = texts;
    result.output = output;
    result.reason = reason;
    return encode(Results{self_, name_, batch, {result}});
  }

  void finish(Done done) {
    const auto task = held_.find(done.id);
    if (done.batch != batch_ || task == held_.end() || task->second.state != State::running) return;
    task->second.state = State::finished;
    task->second.frame = std::move(done.frame);
  }

  // --- what is said

  void send_results() {
    for (auto& [id, task] : held_) {
      if (task.state != State::finished || task.sent) continue;
      task.sent = results_.send(task.frame);
      if (!task.sent) return;
    }
  }

  void send_presence() {
    presence_at_ = Clock::now() + std::chrono::seconds(1);
    std::map<State, RangeSet> ids;
    for (const auto& [id, task] : held_) ids[task.state].insert({id, 1});
    const std::string inbox = inbox_.get(zmq::sockopt::last_endpoint);
    Presence presence;
    following_.describe(presence);
    presence.name = name_;
    presence.inbox = inbox;
    presence.slots = 1;
    presence.batch = batch_;
    presence.running = ids[State::running].ranges();
    presence.queued = ids[State::queued].ranges();
    presence.finished = ids[State::finished].ranges();
    feedback_.send(encode(presence));
  }

  Work work_;
  WorkerId self_{random_id()};
  std::string name_;
  zmq::context_t context_;
  zmq::socket_t inbox_;
  zmq::socket_t bell_;    // rings when a task is done:
  zmq::socket_t ringer_;  // of the thread that does it
  Line feedback_;
  Line results_;

  Following following_{self_};
  BatchId batch_{};
  std::map<TaskId, Task> held_;  // of this batch
  std::deque<TaskId> queue_;     // in the order of their arrival, also such as were taken back
  std::future<Done> done_;       // of the task that runs
  Clock::time_point presence_at_ = Clock::now();
};

/// Serves ventilators until the process ends; a task that is running then goes to another worker.
/// Throws std::invalid_argument if others can reach an endpoint, and zmq::error_t.
[[noreturn]] inline void serve(const Endpoints& endpoints, Work work) {
  Server(endpoints, std::move(work)).run();
}

}  // namespace divvy
