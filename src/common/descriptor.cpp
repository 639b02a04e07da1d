#include "common/descriptor.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace divvy {

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

Descriptor checked(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return Descriptor(fd);
}

std::uint64_t descriptor_limit() {
  rlimit limit{};
  return ::getrlimit(RLIMIT_NOFILE, &limit) == 0 ? limit.rlim_cur : RLIM_INFINITY;
}

std::string descriptor_limit_text() {
  return "the limit on open files (ulimit -n) is " + std::to_string(descriptor_limit());
}

void raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) set_descriptor_limit(limit.rlim_max);
}

void set_descriptor_limit(std::uint64_t most) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  limit.rlim_cur = most;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

// A new descriptor has the lowest free number.
std::uint64_t descriptors_left() {
  const Descriptor next(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  return next.open() ? descriptor_limit() - static_cast<std::uint64_t>(next.get()) : 0;
}

std::uint64_t reserved_descriptors() {
  constexpr std::uint64_t most = 32;
  return std::min(most, descriptor_limit() / 4);
}

int read_error(const std::string& path) {
  struct stat about {};
  const bool there = path == "-"
                         ? ::fstat(STDIN_FILENO, &about) == 0
                         : ::stat(path.c_str(), &about) == 0 && ::access(path.c_str(), R_OK) == 0;
  if (!there) return errno;
  return S_ISDIR(about.st_mode) ? EISDIR : 0;
}

// open() returns the lowest free number, which is fd.
void open_standard_streams() {
  for (const int fd : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
    const int flags = fd == STDERR_FILENO ? O_WRONLY : O_RDONLY;
    if (::fcntl(fd, F_GETFD) < 0) (void)::open("/dev/null", flags);
  }
}

}  // namespace divvy
