#include "common/priority.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <thread>

namespace divvy {
namespace {

// Niceness is a thread's, and what was given away may not be taken back: so one is used up for it.
int error_of(int nice) {
  int error = 0;
  std::thread([&] {
    if (::setpriority(PRIO_PROCESS, 0, nice) != 0) error = errno;
  }).join();
  return error;
}

}  // namespace

void require_nice(int nice) {
  const int error = error_of(nice);
  if (error == 0) return;
  throw std::invalid_argument(
      fmt::format("--nice {} is refused: {}; this process may give {} to 19", nice,
                  std::strerror(error), ::getpriority(PRIO_PROCESS, 0)));
}

}  // namespace divvy
