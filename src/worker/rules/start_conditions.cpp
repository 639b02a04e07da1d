#include "worker/rules/start_conditions.hpp"

#include <algorithm>

namespace divvy::worker {

std::optional<StartConditions::Shortfall> StartConditions::shortfall(const MachineState& machine,
                                                                     std::uint64_t young) const {
  using Of = Shortfall::Of;
  if (demands_.below_load) {
    const double most = *demands_.below_load;
    if (!machine.load_average) return Shortfall{.of = Of::load, .demanded = most};
    const double at_once =
        std::max(static_cast<double>(machine.runnable), static_cast<double>(young));
    const double load = std::max(*machine.load_average, at_once);
    if (load >= most) return Shortfall{Of::load, load, most, young};
  }
  if (demands_.memory > 0) {
    const auto least = static_cast<double>(demands_.memory);
    if (!machine.available) return Shortfall{.of = Of::memory, .demanded = least};
    const auto available = static_cast<double>(*machine.available);
    if (available < least * static_cast<double>(young + 1)) {
      return Shortfall{Of::memory, available, least, young};
    }
  }
  return {};
}

void StartConditions::started(Time now) {
  if (demands_.delay > Time::duration::zero()) next_start_ = now + demands_.delay;
}

void StartConditions::advance(Time now) {
  if (!is_too_soon(now)) next_start_.reset();
}

}  // namespace divvy::worker
