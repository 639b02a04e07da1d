// Plays many workers, and the sink, to one ventilator, to see what that one alone can take:
//   crowd HOST:PORT COUNT [MSEC]      (the ventilator: ventilator --at HOST:PORT -w COUNT ...)
// Each of COUNT workers has a connection and a slot, and says as often as any how it is. A task
// takes MSEC milliseconds, or if none are given it never ends. Prints
//   known N      after so many milliseconds the first task came: all workers are known
//   busy N       after so many each worker has had a task
//   done T N     T tasks are done, N milliseconds after the first came
// and goes on until its standard input ends, or the batch.
#include <poll.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <deque>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>
#include <zmq.hpp>

#include "common/presence_pace.hpp"
#include "divvy/protocol.hpp"

namespace {

using namespace divvy;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

// A worker's task ends at `end`; tasks behind it wait.
struct Peer {
  Presence presence{};
  zmq::socket_t feedback{};
  Clock::time_point presence_at{};
  std::deque<TaskId> tasks{};
  bool had_task = false;
};

struct End {
  Clock::time_point at{};
  std::size_t peer = 0;
};

std::string_view view(const zmq::message_t& message) {
  return {message.data<char>(), message.size()};
}

void send(zmq::socket_t& socket, const auto& message) {
  (void)socket.send(zmq::buffer(encode(message)), zmq::send_flags::dontwait);
}

class Crowd {
 public:
  Crowd(const std::string& host, int port, std::size_t count, std::optional<int> msec)
      : task_takes_(msec) {
    context_.set(zmq::ctxopt::max_sockets, static_cast<int>(2 * count + 100));
    inbox_ = zmq::socket_t(context_, zmq::socket_type::pull);
    results_ = zmq::socket_t(context_, zmq::socket_type::pull);
    receipts_ = zmq::socket_t(context_, zmq::socket_type::push);
    const auto endpoint = [&](int offset) {
      return "tcp://" + host + ":" + std::to_string(port + offset);
    };
    results_.bind(endpoint(1));
    inbox_.set(zmq::sockopt::rcvhwm, 0);
    inbox_.set(zmq::sockopt::backlog, static_cast<int>(count));
    inbox_.bind("tcp://" + host + ":*");
    receipts_.connect(endpoint(2));
    inbox_endpoint_ = inbox_.get(zmq::sockopt::last_endpoint);
    peers_.resize(count);
    for (std::size_t i = 0; i < count; ++i) add(i, endpoint(2));
  }

  void run() {
    while (!over_) {
      wait();
      while (inbox_.recv(message_, zmq::recv_flags::dontwait)) receive_lane();
      while (results_.recv(message_, zmq::recv_flags::dontwait)) receive_announcement();
      end_tasks();
      send_presences();
    }
  }

 private:
  void add(std::size_t index, const std::string& feedback) {
    Peer& peer = peers_[index];
    peer.presence = {.worker = WorkerId{index + 1},
                     .name = "crowd",
                     .inbox = inbox_endpoint_,
                     .slots = 1,
                     .reaches_sink = true};
    peer.feedback = zmq::socket_t(context_, zmq::socket_type::push);
    peer.feedback.set(zmq::sockopt::linger, 0);
    peer.feedback.connect(feedback);
  }

  void wait() {
    auto next = next_presence_;
    if (!ends_.empty()) next = std::min(next, ends_.front().at);
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(next - Clock::now());
    std::array<zmq::pollitem_t, 3> items{{{inbox_.handle(), 0, ZMQ_POLLIN, 0},
                                          {results_.handle(), 0, ZMQ_POLLIN, 0},
                                          {nullptr, 0, ZMQ_POLLIN, 0}}};
    zmq::poll(items.data(), items.size(), std::max(0ms, left));
    over_ = over_ || items[2].revents != 0;
  }

  void receive_lane() {
    const auto lane = decode<Lane>(view(message_));
    if (!lane) throw std::runtime_error("what came is no lane message");
    const std::size_t index = static_cast<std::size_t>(lane->worker) - 1;
    Peer& peer = peers_.at(index);
    peer.presence.ventilator = lane->ventilator;
    peer.presence.sequence = lane->sequence;
    peer.presence.batch = lane->batch;
    for (const Range& ids : lane->recalled) give_back(peer, ids);
    for (const Assignment& assignment : lane->tasks) take(index, assignment.ids);
    const bool asked = lane->settled.empty() && lane->tasks.empty();
    if (asked || !lane->recalled.empty()) next_presence_ = peer.presence_at = {};
  }

  void take(std::size_t index, Range ids) {
    Peer& peer = peers_[index];
    if (!first_task_) {
      first_task_ = Clock::now();
      tell("known", *started_);
    }
    if (!std::exchange(peer.had_task, true) && ++busy_ == peers_.size()) tell("busy", *started_);
    const bool idle = peer.tasks.empty();
    for (TaskId id = ids.first; id < ids.end(); ++id) peer.tasks.push_back(id);
    if (idle) start(index);
  }

  void start(std::size_t index) {
    if (task_takes_)
      ends_.push_back({Clock::now() + std::chrono::milliseconds(*task_takes_), index});
  }

  static void give_back(Peer& peer, Range ids) {
    if (peer.tasks.empty()) return;
    std::erase_if(peer.tasks, [&, running = peer.tasks.front()](TaskId id) {
      return id != running && id >= ids.first && id < ids.end();
    });
  }

  void end_tasks() {
    Receipts receipts{.ventilator = ventilator_, .batch = batch_};
    const auto now = Clock::now();
    while (!ends_.empty() && ends_.front().at <= now) {
      const std::size_t index = ends_.front().peer;
      ends_.pop_front();
      Peer& peer = peers_[index];
      receipts.receipts.push_back(
          {.worker = peer.presence.worker,
           .ids = {peer.tasks.front(), 1},
           .duration = static_cast<std::uint64_t>(*task_takes_) * 1'000'000});
      peer.tasks.pop_front();
      if (!peer.tasks.empty()) start(index);
    }
    if (receipts.receipts.empty()) return;
    done_ += receipts.receipts.size();
    send(receipts_, receipts);
  }

  // The batch is announced every second; the first time the sink has to say what it has of it.
  void receive_announcement() {
    const auto announcement = decode<Announcement>(view(message_));
    if (!announcement) return;
    if (announcement->state == BatchState::complete) {
      std::printf("done %llu ", static_cast<unsigned long long>(done_));
      tell("", first_task_.value_or(*started_));
    }
    over_ =
        announcement->state == BatchState::complete || announcement->state == BatchState::stopped;
    if (ventilator_ == announcement->ventilator) return;
    ventilator_ = announcement->ventilator;
    batch_ = announcement->batch;
    send(receipts_, Receipts{.ventilator = ventilator_, .batch = batch_});
  }

  // As of workers that were started one after the other, in the course of a second or at once.
  void send_presences() {
    const auto now = Clock::now();
    if (!started_) started_ = now;
    if (now < next_presence_) return;
    next_presence_ = Clock::time_point::max();
    for (Peer& peer : peers_) {
      if (peer.presence_at <= now) {
        send_presence(peer);
        const auto pace = peer.tasks.empty() ? kIdlePresenceEvery : kPresenceEvery;
        peer.presence_at = now + pace + spread(peer);
      }
      next_presence_ = std::min(next_presence_, peer.presence_at);
    }
  }

  std::chrono::microseconds spread(const Peer& peer) const {
    const auto index = static_cast<std::size_t>(&peer - peers_.data());
    if (peer.presence_at != Clock::time_point{}) return 0us;
    return std::chrono::microseconds(1'000'000 * index / peers_.size());
  }

  static void send_presence(Peer& peer) {
    peer.presence.running.clear();
    peer.presence.queued.clear();
    for (const TaskId id : peer.tasks) {
      auto& list = peer.presence.running.empty() ? peer.presence.running : peer.presence.queued;
      if (!list.empty() && list.back().end() == id) {
        ++list.back().count;
      } else {
        list.push_back({id, 1});
      }
    }
    send(peer.feedback, peer.presence);
  }

  static void tell(const char* what, Clock::time_point since) {
    const std::chrono::duration<double, std::milli> elapsed = Clock::now() - since;
    std::printf("%s %.1f\n", what, elapsed.count());
    std::fflush(stdout);
  }

  zmq::context_t context_{};
  zmq::socket_t inbox_{};  // of all of them
  std::string inbox_endpoint_{};
  zmq::socket_t results_{};
  zmq::socket_t receipts_{};
  zmq::message_t message_{};
  VentilatorId ventilator_{};
  BatchId batch_{};
  std::optional<int> task_takes_;
  std::vector<Peer> peers_{};
  std::deque<End> ends_{};
  Clock::time_point next_presence_{};
  std::optional<Clock::time_point> started_{};
  std::optional<Clock::time_point> first_task_{};
  std::size_t busy_ = 0;
  std::uint64_t done_ = 0;
  bool over_ = false;
};

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 3 && argc != 4) return 1;
  const std::string address = argv[1];
  const std::size_t colon = address.rfind(':');
  const auto msec = argc == 4 ? std::optional(std::stoi(argv[3])) : std::nullopt;
  Crowd crowd(address.substr(0, colon), std::stoi(address.substr(colon + 1)), std::stoul(argv[2]),
              msec);
  crowd.run();
} catch (const std::exception& error) {
  std::fprintf(stderr, "crowd: %s\n", error.what());
  return 1;
}
