#include "common/descriptor.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

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
