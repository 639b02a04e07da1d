#include "worker/lifeline.hpp"

#include <poll.h>
#include <unistd.h>

#include <array>

namespace divvy::worker {

void Lifeline::add_to(EventLoop& loop) const {
  if (is_cut_) return;
  loop.watch(fd_);
  loop.wake_at(next_byte_by_);
}

bool Lifeline::cut(Time now) {
  if (is_cut_ || !ended(now)) return false;
  is_cut_ = true;
  return true;
}

bool Lifeline::ended(Time now) {
  pollfd item{.fd = fd_, .events = POLLIN, .revents = 0};
  if (::poll(&item, 1, 0) <= 0) return next_byte_by_ && now >= *next_byte_by_;
  std::array<char, 4096> bytes{};
  const ssize_t size = ::read(fd_, bytes.data(), bytes.size());
  if (size <= 0) return true;
  const bool paused = bytes.at(static_cast<std::size_t>(size) - 1) == kPaused;
  next_byte_by_ = paused ? std::nullopt : std::optional(now + longest_silence_);
  return false;
}

}  // namespace divvy::worker
