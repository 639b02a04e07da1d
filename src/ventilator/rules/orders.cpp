#include "ventilator/rules/orders.hpp"

#include <utility>

namespace divvy::ventilator {
namespace {

// Entries with consecutive ids that are alike in all else become one.
template <class Entry>
void append(std::vector<Entry>& list, const Entry& entry) {
  if (!list.empty()) {
    Entry& last = list.back();
    Entry alike = entry;
    alike.ids = last.ids;
    if (alike == last && last.ids.end() == entry.ids.first) {
      last.ids.count += entry.ids.count;
      return;
    }
  }
  list.push_back(entry);
}

}  // namespace

Lane& OrderBook::message_for(Member& member) {
  if (std::exchange(member.message_round, round_) != round_) {
    member.message_place = orders_.send.size();
    member.last_sent = ++sequence_;
    orders_.send.push_back({.worker = member.id,
                            .ventilator = self_,
                            .sequence = sequence_,
                            .batch = batch_,
                            .abort = aborted_,
                            .live = live_});
  }
  return orders_.send[member.message_place];
}

void OrderBook::settle(Member& member, Settled settled) {
  append(message_for(member).settled, settled);
}

void OrderBook::give(Member& member, const Assignment& assignment) {
  append(message_for(member).tasks, assignment);
}

void OrderBook::abort() {
  aborted_ = true;
  for (Lane& lane : orders_.send) lane.abort = true;
}

void OrderBook::live(bool wanted) {
  live_ = wanted;
  for (Lane& lane : orders_.send) lane.live = wanted;
}

void OrderBook::open(const Member& member, const std::string& inbox) {
  orders_.open.push_back({.worker = member.id, .name = member.name, .inbox = inbox});
}

void OrderBook::close(const Member& member, const Orders::Close& loss) {
  const auto is_its = [&](const auto& order) { return order.worker == member.id; };
  std::erase_if(orders_.open, is_its);
  if (member.message_round == round_) {
    orders_.send[member.message_place].worker = WorkerId::none;
    some_dropped_ = true;
  }
  orders_.close.push_back(
      {.worker = member.id, .name = member.name, .reason = loss.reason, .tasks = loss.tasks});
}

Orders OrderBook::take() {
  ++round_;
  if (std::exchange(some_dropped_, false)) {
    std::erase_if(orders_.send, [](const Lane& lane) { return lane.worker == WorkerId::none; });
  }
  return std::exchange(orders_, {});
}

}  // namespace divvy::ventilator
