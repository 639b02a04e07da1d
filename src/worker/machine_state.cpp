#include "worker/machine_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <string_view>

#include "common/cgroup.hpp"

namespace divvy::worker {
namespace {

// "0.20 0.18 0.12 1/80 11206": averages, and tasks that are runnable, of which this one is one.
void read_load(MachineState& machine, const std::string& path) {
  std::ifstream file(path);
  double average = 0;
  std::string unused;
  std::uint32_t runnable = 0;
  if (!(file >> average >> unused >> unused >> runnable)) return;
  machine.load_average = average;
  machine.runnable = runnable - std::min(runnable, 1U);
}

// "MemAvailable:  22467076 kB".
void read_memory(MachineState& machine, const std::string& path) {
  std::ifstream file(path);
  for (std::string line; std::getline(file, line);) {
    constexpr std::string_view name = "MemAvailable:";
    if (line.starts_with(name)) machine.available = std::stoull(line.substr(name.size())) << 10;
  }
}

std::string memory_text(double bytes) {
  constexpr double mebi = 1 << 20;
  constexpr double gibi = 1 << 30;
  return bytes < gibi ? fmt::format("{:.0f} MiB", bytes / mebi)
                      : fmt::format("{:.4g} GiB", bytes / gibi);
}

std::string of_load(const StartConditions::Shortfall& shortfall) {
  if (!shortfall.is) return "cannot read /proc/loadavg, which --load needs";
  const bool of_young = static_cast<double>(shortfall.young) >= *shortfall.is;
  return fmt::format("the load is {:.{}f}{}, not below {:.4g}", *shortfall.is,
                     *shortfall.is < 1 ? 2 : 1, of_young ? " by tasks just started" : "",
                     shortfall.demanded);
}

std::string of_memory(const StartConditions::Shortfall& shortfall) {
  if (!shortfall.is) return "cannot read MemAvailable in /proc/meminfo, which --memfree needs";
  std::string text = fmt::format("{} of memory is available, less than {}",
                                 memory_text(*shortfall.is), memory_text(shortfall.demanded));
  if (shortfall.young == 0) return text;
  return fmt::format("{} for one more task and for each of {} just started", text, shortfall.young);
}

}  // namespace

MachineState read_machine(const std::string& root) {
  MachineState machine;
  read_load(machine, root + "/proc/loadavg");
  read_memory(machine, root + "/proc/meminfo");
  if (const auto left = cgroup_memory_left(root); left && machine.available) {
    machine.available = std::min(*left, *machine.available);
  }
  return machine;
}

std::string text_of(const StartConditions::Shortfall& shortfall) {
  return shortfall.of == StartConditions::Shortfall::Of::load ? of_load(shortfall)
                                                              : of_memory(shortfall);
}

}  // namespace divvy::worker
