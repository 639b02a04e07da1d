// A command as a process.
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <csignal>
#include <optional>
#include <string>
#include <vector>

#include "common/descriptor.hpp"
#include "worker/watchdog.hpp"

namespace divvy::worker {

/// What the user has made of signals and limits for the commands, such as by nohup and ulimit. To
/// be taken before this process changes any of it.
struct Inheritance {
  rlimit open_files{};  // RLIMIT_NOFILE
  sigset_t ignored{};   // signals

  static Inheritance take();
};

/// What a process is started with.
struct ProcessSettings {
  std::vector<std::string> words{};        // program and arguments
  std::vector<std::string> environment{};  // before what it inherits
  std::array<int, 3> streams{};            // standard input, output and error
  Inheritance inheritance{};
  std::optional<int> nice{};         // nothing: as this process
  Watchdog::Entry* group = nullptr;  // where it enters itself
};

struct Process {
  pid_t id = 0;           // and that of its group, and of its session
  Descriptor descriptor;  // readable when it has ended
};

/// Starts it as the leader of a session, and so of a group, of its own, with no other descriptors.
/// Throws Shortage, or std::runtime_error with a line for people; the group is not entered then.
Process start_process(ProcessSettings settings);

}  // namespace divvy::worker
