#include "ventilator/orders.hpp"

namespace divvy::ventilator {
namespace {

// Runs of consecutive ids that are alike in all else become one.
template <class Run>
void append(std::vector<Run>& list, const Run& run) {
  if (!list.empty()) {
    Run& last = list.back();
    Run alike = run;
    alike.ids = last.ids;
    if (alike == last && last.ids.end() == run.ids.first) {
      last.ids.count += run.ids.count;
      return;
    }
  }
  list.push_back(run);
}

}  // namespace

Order& OrderBook::to(Member& member) {
  const auto [at, added] = index_.try_emplace(member.id, orders_.send.size());
  if (added) {
    Order& order = orders_.send.emplace_back();
    order.worker = member.id;
    order.sequence = member.last_sent = ++sequence_;
    order.abort = aborted_;
  }
  return orders_.send[at->second];
}

void OrderBook::settle(Member& member, Settled settled) { append(to(member).settled, settled); }

void OrderBook::give(Member& member, const Portion& portion) { append(to(member).tasks, portion); }

void OrderBook::abort() {
  aborted_ = true;
  for (Order& order : orders_.send) order.abort = true;
}

void OrderBook::close(WorkerId worker) {
  std::erase_if(orders_.open, [&](const auto& lane) { return lane.first == worker; });
  std::erase_if(orders_.send, [&](const Order& order) { return order.worker == worker; });
  index_.clear();
  for (std::size_t i = 0; i < orders_.send.size(); ++i) index_[orders_.send[i].worker] = i;
  orders_.close.push_back(worker);
}

Orders OrderBook::take() {
  index_.clear();
  return std::exchange(orders_, {});
}

}  // namespace divvy::ventilator
