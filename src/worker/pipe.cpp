#include "worker/pipe.hpp"

#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "worker/shortage.hpp"

namespace divvy::worker {

Pipe::Pipe(Ours ours) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_error(errno, "pipe");
  read = Descriptor(ends[0]);
  write = Descriptor(ends[1]);
  ::fcntl(ours == Ours::read ? ends[0] : ends[1], F_SETFL, O_NONBLOCK);
}

void watch(int epoll, int fd, std::uint32_t events, std::uint64_t data) {
  epoll_event event{};
  event.events = events;
  event.data.u64 = data;
  ::epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event);
}

}  // namespace divvy::worker
