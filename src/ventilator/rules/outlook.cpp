// When the batch will be over, and what runs longest.
#include <utility>

#include "ventilator/rules/dispatch.hpp"

namespace divvy::ventilator {
namespace {

// Since when briefer tasks run is noted only now and then: it does not matter, and would cost time.
constexpr double kBriefTask = 50e6;

}  // namespace

Dispatch::Outlook Dispatch::outlook(Time now) {
  for (auto& [id, member] : fleet_.members()) member.note_running(now);
  const Forecast::State state = state_of_work();
  Outlook outlook;
  for (const auto& [id, since] : state.running) {
    if (outlook.oldest != 0 && now - since <= outlook.oldest_age) continue;
    outlook.oldest = id;
    outlook.oldest_age = now - since;
  }
  if (phase_ == Phase::handing_out && tasks_.all_known()) {
    outlook.time_left = forecast_.time_left(state, now);
  }
  return outlook;
}

// Once no task is handed out any more it matters what may still run, not what does.
std::uint64_t Dispatch::busy_slots() const {
  if (phase_ != Phase::handing_out) return fleet_.slots() - fleet_.free_slots();
  std::uint64_t slots = 0;
  for (const auto& [id, member] : fleet_.members()) slots += member.running_slots();
  return slots;
}

Forecast::State Dispatch::state_of_work() {
  Forecast::State state{.unrecorded = tasks_.known() - std::min(tasks_.known(), recorded()),
                        .slots = fleet_.slots(),
                        .pending = tasks_.pending() > 0,
                        .longest_first = longest_first_,
                        .all_due = tasks_.all_due()};
  for (const auto& [worker, member] : fleet_.members()) {
    for (const auto& [id, since] : member.runs) state.running.push_back({id, since});
  }
  return state;
}

bool Dispatch::tasks_take_long() const { return !mean_ || *mean_ > kBriefTask; }

void Dispatch::note_running(Time now) {
  for (const WorkerId worker : std::exchange(touched_, {})) {
    if (Member* const member = fleet_.find(worker)) member->note_running(now);
  }
}

}  // namespace divvy::ventilator
