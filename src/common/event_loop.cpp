#include "common/event_loop.hpp"

#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "common/clock.hpp"

namespace divvy {
namespace {

using namespace std::chrono_literals;

constexpr auto kTimeSlice = 10ms;

bool is_ignored(int signal) {
  struct sigaction inherited {};
  sigaction(signal, nullptr, &inherited);
  return inherited.sa_handler == SIG_IGN;
}

}  // namespace

Signals::Signals(std::initializer_list<int> more) {
  ::signal(SIGPIPE, SIG_IGN);
  sigemptyset(&wanted_);
  sigaddset(&wanted_, SIGTERM);
  // A signal that is both ignored and blocked would be queued all the same.
  std::vector<int> unless_ignored{SIGINT, SIGHUP, SIGTSTP};
  unless_ignored.insert(unless_ignored.end(), more);
  for (const int signal : unless_ignored) {
    if (!is_ignored(signal)) sigaddset(&wanted_, signal);
  }
  sigprocmask(SIG_BLOCK, &wanted_, &before_);
  fd_ = checked(::signalfd(-1, &wanted_, SFD_CLOEXEC | SFD_NONBLOCK), "signalfd");
}

Signals::~Signals() { release(); }

void Signals::release() const { sigprocmask(SIG_SETMASK, &before_, nullptr); }

int Signals::next() {
  signalfd_siginfo info{};
  const bool one = ::read(fd_.get(), &info, sizeof info) == sizeof info;
  return one ? static_cast<int>(info.ssi_signo) : 0;
}

EventLoop::EventLoop(std::initializer_list<int> more_signals)
    : signals_(more_signals),
      timer_(checked(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), "timerfd")) {}

void EventLoop::watch(zmq::socket_t& socket, short events) {
  items_.push_back({socket.handle(), 0, events, 0});
}

void EventLoop::watch(int fd) { items_.push_back({nullptr, fd, ZMQ_POLLIN, 0}); }

void EventLoop::wake_at(std::optional<Time> deadline) { deadline_ = earlier(deadline_, deadline); }

void EventLoop::on_pause(std::function<void()> pause, std::function<void()> resume) {
  pause_ = std::move(pause);
  resume_ = std::move(resume);
}

int EventLoop::wait() {
  set_timer();
  watch(signals_.fd());
  watch(timer_.get());
  zmq::poll(items_);
  items_.clear();
  deadline_.reset();
  return take_signals();
}

void EventLoop::release_signals(bool at_once) const {
  signals_.release();
  if (at_once) ::raise(stop_signal_);
}

void EventLoop::set_timer() {
  // 0 disarms it.
  const std::int64_t at = deadline_ ? std::max<std::int64_t>(1, monotonic(*deadline_)) : 0;
  if (std::exchange(armed_, at) == at) return;
  itimerspec spec{};
  spec.it_value = {at / 1'000'000'000, at % 1'000'000'000};
  ::timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &spec, nullptr);
}

int EventLoop::take_signals() {
  int stops = 0;
  while (const int signal = signals_.next()) {
    if (signal == SIGTSTP) {
      pause();
      continue;
    }
    if (stop_signal_ == 0) stop_signal_ = signal;
    ++stops;
  }
  return stops;
}

void EventLoop::pause() {
  if (pause_) pause_();
  pause_process();
  if (resume_) resume_();
}

TimeSlice::TimeSlice() : end_(now() + kTimeSlice) {}

bool TimeSlice::over() const { return now() >= end_; }

}  // namespace divvy
