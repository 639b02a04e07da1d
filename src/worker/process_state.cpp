#include "worker/process_state.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <optional>

#include "common/descriptor.hpp"

namespace divvy::worker {
namespace {

// Calls in which nobody waits for more of its input, where that is a pipe.
constexpr std::array kBusyCalls{SYS_write,   SYS_writev,   SYS_nanosleep, SYS_clock_nanosleep,
                                SYS_connect, SYS_recvfrom, SYS_recvmsg,   SYS_sendto};

// A file in /proc; nothing if it cannot be read.
std::optional<std::string> read_file(const std::string& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 2048> block;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const ssize_t size = file.open() ? ::read(file.get(), block.data(), block.size()) : -1;
  if (size < 0) return {};
  return std::string(block.data(), static_cast<std::size_t>(size));
}

std::string read_link(const std::string& path) {
  std::array<char, 64> target;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const ssize_t size = ::readlink(path.c_str(), target.data(), target.size());
  return {target.data(), static_cast<std::size_t>(std::max<ssize_t>(size, 0))};
}

}  // namespace

// The file has the number of the call, and its arguments in hexadecimal.
Activity activity_of(pid_t id, const std::string& input) {
  const std::string text = read_file(fmt::format("/proc/{}/syscall", id)).value_or("");
  if (text.starts_with("running")) return Activity::busy;
  long call = -1;
  unsigned descriptor = 0;
  if (std::sscanf(text.c_str(), "%ld %x", &call, &descriptor) != 2) return Activity::unknown;
  if (call == SYS_read || call == SYS_readv) {
    const bool its_input = read_link(fmt::format("/proc/{}/fd/{}", id, descriptor)) == input;
    return its_input ? Activity::reads_input : Activity::busy;
  }
  const bool busy = std::find(kBusyCalls.begin(), kBusyCalls.end(), call) != kBusyCalls.end();
  return busy ? Activity::busy : Activity::unknown;
}

bool is_alone(pid_t id) {
  const std::string status = read_file(fmt::format("/proc/{}/status", id)).value_or("");
  if (status.find("\nThreads:\t1\n") == std::string::npos) return false;
  return read_file(fmt::format("/proc/{0}/task/{0}/children", id)).value_or("").empty();
}

std::string file_name(int descriptor) {
  return read_link(fmt::format("/proc/self/fd/{}", descriptor));
}

}  // namespace divvy::worker
