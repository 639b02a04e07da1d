// A pipe to a process, or from one.
#pragma once

#include <cstdint>

#include "common/descriptor.hpp"

namespace divvy::worker {

/// No process that is started inherits an end. Throws Shortage, or std::system_error.
struct Pipe {
  /// Which end stays here, and does not block.
  enum class Ours { read, write };

  explicit Pipe(Ours ours);

  Descriptor read;
  Descriptor write;
};

/// Has `epoll` hand back `data` when there are such events at the descriptor.
void watch(int epoll, int fd, std::uint32_t events, std::uint64_t data);

}  // namespace divvy::worker
