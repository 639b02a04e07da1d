// What dispatch wants done, and how it gathers that.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "divvy/protocol.hpp"
#include "ventilator/rules/fleet.hpp"

namespace divvy::ventilator {

/// To be carried out in this order.
struct Orders {
  struct Open {
    WorkerId worker{};
    std::string name{};   // the worker's, for people
    std::string inbox{};  // endpoint
  };
  struct Close {
    WorkerId worker{};
    std::string name{};
    std::string reason{};     // for people; empty: it has said farewell
    std::uint64_t tasks = 0;  // that it held
  };
  /// What people should know of a worker that is there.
  struct Notice {
    enum class What {
      suspended,      // it only fails
      cut_off,        // it cannot reach the sink, so what it held goes to others
      does_not_hear,  // what is sent to its inbox does not arrive
    };
    What what{};
    std::string name{};
    std::string inbox{};      // of one that does not hear
    std::uint64_t tasks = 0;  // that have failed in a row, or go to others
  };

  std::vector<Close> close;  // lanes of workers that are gone
  std::vector<Open> open;    // lanes to inboxes
  std::vector<Lane> send;    // the tasks are still without texts
  std::vector<Notice> notices;
};

/// Gathers what there is to say to a worker into one message.
class OrderBook {
 public:
  OrderBook(VentilatorId self, BatchId batch) : self_(self), batch_(batch) {}

  /// The message that the worker is sent next.
  Lane& message_for(Member& member);
  void settle(Member& member, Settled settled);
  void recall(Member& member, Range ids) { message_for(member).recalled.push_back(ids); }
  void give(Member& member, const Assignment& assignment);
  /// Each worker that is sent something from now on is told to kill what runs.
  void abort();
  /// What all are told from now on: whether to send what tasks print while they run.
  void live(bool wanted);
  [[nodiscard]] bool live() const { return live_; }

  void open(const Member& member, const std::string& inbox);
  /// Closes the worker's lane and drops what was gathered for it. `loss`: reason and tasks.
  void close(const Member& member, const Orders::Close& loss = {});
  void notice(Orders::Notice notice) { orders_.notices.push_back(std::move(notice)); }

  /// All that was gathered since the last call.
  [[nodiscard]] Orders take();
  /// The number of the latest message. They are numbered over all lanes, from 1 on.
  [[nodiscard]] std::uint64_t sequence() const { return sequence_; }

 private:
  VentilatorId self_;
  BatchId batch_;
  Orders orders_;
  std::uint64_t round_ = 1;    // grows with each take()
  bool some_dropped_ = false;  // of orders_.send: their worker is none
  std::uint64_t sequence_ = 0;
  bool aborted_ = false;
  bool live_ = false;
};

}  // namespace divvy::ventilator
