// What a process is doing just now, as far as the system tells.
#pragma once

#include <sys/types.h>

namespace divvy::worker {

/// Whether it has something to do, and be it to wait for a processor.
bool is_running(pid_t id);

/// Whether it waits in a read of its standard input and does nothing else: it has one thread, and
/// no children. False where that cannot be seen.
bool waits_for_input(pid_t id);

}  // namespace divvy::worker
