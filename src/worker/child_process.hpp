// A child of this process, and the group of processes that it leads.
#pragma once

#include <sys/types.h>

#include <functional>

#include "common/descriptor.hpp"
#include "worker/process.hpp"
#include "worker/rules/command_end.hpp"
#include "worker/rules/usage.hpp"
#include "worker/watchdog.hpp"

namespace divvy::worker {

/// How a process ended.
struct ExitStatus {
  bool exited = false;  // or else a signal has ended it
  int number = 0;       // its exit status, or that of the signal
};

struct ChildProcess {
  pid_t pid = 0;                     // and its group's
  Watchdog::Entry* group = nullptr;  // of which the caller takes care
  Descriptor process{};              // readable when it has ended; none once that was seen
  ExitStatus status{};               // once it is reaped,
  Usage usage{};                     // and what it has used
  CommandEnd end{};
  bool reaped = false;

  /// The group lives on as long as anybody is in it, also after its leader.
  void signal_group(int signal) const { ::kill(-pid, signal); }
  /// Whether the process, whose end was seen, ended as what a SIGTERM ends. It stays to be reaped.
  [[nodiscard]] bool terminated() const;
  /// Waits for the process, whose end was seen or is certain.
  void reap();
  /// Whether anybody is left of the group.
  bool group_left();
};

/// Whether this process becomes the parent of what others leave behind, as process 1 of a
/// container does.
bool adopts_orphans();
/// Waits for those that have ended, but for the caller's own.
void reap_adopted(const std::function<bool(pid_t)>& is_ours);

/// Throws Shortage if `newest`, the latest descriptor, leaves too few to connections: a new one has
/// the lowest number that is free, so it tells how many there are.
void leave_reserve(int newest, const Inheritance& inheritance);

}  // namespace divvy::worker
