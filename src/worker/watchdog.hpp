// What ends a worker's commands when the worker itself is killed.
#pragma once

#include <sys/types.h>

#include <atomic>
#include <cstdint>
#include <vector>

#include "common/descriptor.hpp"

namespace divvy::worker {

/// A small process that waits for this one's end and does nothing else. It then ends all groups of
/// processes that are still entered: SIGTERM, and SIGKILL two seconds later. They are entered in
/// memory that both share, so that a task costs no message. It has no descriptors of ours, and no
/// terminal. When it is killed, this process goes on without it.
class Watchdog {
 public:
  /// For so many groups at once. To be called before other threads are started. Throws
  /// std::system_error.
  explicit Watchdog(std::size_t most_groups);
  ~Watchdog();
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;

  /// Holds a group's id; 0: none.
  using Entry = std::atomic<pid_t>;
  Entry& take();
  /// To be called while the id is still the group's.
  void free(Entry& entry);

 private:
  Entry* entries_;
  std::size_t count_;
  std::vector<Entry*> unused_;
  Descriptor process_;
};

}  // namespace divvy::worker
