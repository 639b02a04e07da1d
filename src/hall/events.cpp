#include "hall/events.hpp"

#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <system_error>
#include <utility>

namespace divvy {
namespace {

Descriptor checked(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return Descriptor(fd);
}

}  // namespace

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(fd_, other.fd_);
  return *this;
}

Descriptor::~Descriptor() {
  if (fd_ >= 0) ::close(fd_);
}

int Descriptor::release() { return std::exchange(fd_, -1); }

Timer::Timer() : fd_(checked(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), "timerfd")) {}

void Timer::set(std::optional<Time> deadline) {
  if (deadline == deadline_) return;
  deadline_ = deadline;
  itimerspec spec{};
  if (deadline) {
    using std::chrono::nanoseconds;
    const auto since_boot = std::chrono::duration_cast<nanoseconds>(deadline->time_since_epoch());
    const long long ticks = std::max<long long>(1, since_boot.count());  // 0 would disarm it
    spec.it_value = {ticks / 1'000'000'000, ticks % 1'000'000'000};
  }
  ::timerfd_settime(fd_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

Signals::Signals() {
  ::signal(SIGPIPE, SIG_IGN);
  sigemptyset(&wanted_);
  // A signal that is both ignored and blocked would be queued all the same.
  struct sigaction inherited {};
  sigaction(SIGINT, nullptr, &inherited);
  if (inherited.sa_handler != SIG_IGN) sigaddset(&wanted_, SIGINT);
  sigaddset(&wanted_, SIGTERM);
  sigprocmask(SIG_BLOCK, &wanted_, nullptr);
  fd_ = checked(::signalfd(-1, &wanted_, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
}

void Signals::release() const { sigprocmask(SIG_UNBLOCK, &wanted_, nullptr); }

int Signals::drain() {
  int count = 0;
  signalfd_siginfo info{};
  while (::read(fd_.get(), &info, sizeof info) == sizeof info) ++count;
  return count;
}

}  // namespace divvy
