// What dispatch wants done, and how it gathers that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "divvy/messages.hpp"
#include "ventilator/fleet.hpp"
#include "ventilator/tasks.hpp"

namespace divvy::ventilator {

/// One lane message.
struct Order {
  WorkerId worker{};
  std::uint64_t sequence = 0;
  std::vector<Settled> settled;
  std::vector<Range> recalled;
  bool abort = false;
  std::vector<Portion> tasks;
};

/// To be carried out in this order.
struct Orders {
  std::vector<WorkerId> close;                         // lanes of workers that are gone
  std::vector<std::pair<WorkerId, std::string>> open;  // lanes to inboxes
  std::vector<Order> send;
};

/// Gathers what there is to say to a worker into one message.
class OrderBook {
 public:
  /// The message that the worker is sent next.
  Order& to(Member& member);
  void settle(Member& member, Settled settled);
  void recall(Member& member, Range ids) { to(member).recalled.push_back(ids); }
  void give(Member& member, const Portion& portion);
  /// Each worker that is sent something from now on is told to kill what runs.
  void abort();

  void open(WorkerId worker, const std::string& inbox) { orders_.open.emplace_back(worker, inbox); }
  /// It is sent nothing more, either.
  void close(WorkerId worker);

  /// All that was gathered since the last call.
  [[nodiscard]] Orders take();
  /// The number of the latest message. They are numbered over all lanes, from 1 on.
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }

 private:
  Orders orders_;
  std::unordered_map<WorkerId, std::size_t> index_;  // of its message in orders_.send
  std::uint64_t sequence_ = 0;
  bool aborted_ = false;
};

}  // namespace divvy::ventilator
