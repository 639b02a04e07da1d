// What a process is doing just now, as far as the system tells.
#pragma once

#include <sys/types.h>

#include <string>

namespace divvy::worker {

enum class Activity {
  reads_input,  // it waits in a read of its input
  busy,         // with something else, and be it to wait for a processor, for time or for others
  unknown,      // it may wait for its input, or for other processes
};

/// Of the process, or of its first thread. `input`: the file that it is to read, as file_name()
/// tells.
Activity activity_of(pid_t id, const std::string& input);

/// Whether it has one thread and no children. False where that cannot be seen.
bool is_alone(pid_t id);

/// Tells the file behind a descriptor of this process from all others: "pipe:[123]".
std::string file_name(int descriptor);

}  // namespace divvy::worker
