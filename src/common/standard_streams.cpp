#include "common/standard_streams.hpp"

#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace divvy {

int write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    if (written > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(written));
    } else if (written == 0) {
      return EIO;
    } else if (errno == EAGAIN) {
      pollfd item{fd, POLLOUT, 0};
      ::poll(&item, 1, -1);
    } else if (errno != EINTR) {
      return errno;
    }
  }
  return 0;
}

void tell_user(std::string_view text) { (void)write_all(STDERR_FILENO, text); }

bool output_has_no_reader() {
  pollfd item{STDOUT_FILENO, 0, 0};
  return ::poll(&item, 1, 0) > 0 && (item.revents & POLLERR) != 0;
}

}  // namespace divvy
