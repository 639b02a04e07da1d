#include "worker/process_state.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <optional>
#include <string>

#include "common/descriptor.hpp"

namespace divvy::worker {
namespace {

// A file in /proc of the process; nothing if it cannot be read.
std::optional<std::string> read_proc(pid_t id, const char* name) {
  const Descriptor file(::open(fmt::format("/proc/{}/{}", id, name).c_str(), O_RDONLY | O_CLOEXEC));
  std::array<char, 1024> block;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const ssize_t size = file.open() ? ::read(file.get(), block.data(), block.size()) : -1;
  if (size < 0) return {};
  return std::string(block.data(), static_cast<std::size_t>(size));
}

}  // namespace

// "PID (NAME) STATE ...", in which NAME may hold anything.
bool is_running(pid_t id) {
  const std::string stat = read_proc(id, "stat").value_or("");
  const auto name_end = stat.rfind(')');
  return name_end != std::string::npos && stat.substr(name_end).starts_with(") R");
}

// The file syscall has the number of the call, and its arguments in hexadecimal.
bool waits_for_input(pid_t id) {
  const std::string call = read_proc(id, "syscall").value_or("");
  if (!call.starts_with(fmt::format("{} 0x{:x} ", SYS_read, STDIN_FILENO))) return false;
  const bool one_thread =
      read_proc(id, "status").value_or("").find("\nThreads:\t1\n") != std::string::npos;
  return one_thread &&
         read_proc(id, fmt::format("task/{}/children", id).c_str()).value_or("").empty();
}

}  // namespace divvy::worker
