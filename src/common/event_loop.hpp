// The one place where a program waits: for sockets, descriptors, a deadline, and its user's
// signals.
#pragma once

#include <csignal>
#include <functional>
#include <optional>
#include <vector>
#include <zmq.hpp>

#include "common/descriptor.hpp"
#include "common/time.hpp"

namespace divvy {

/// SIGINT, SIGTERM, SIGHUP and SIGTSTP as a readable descriptor. Its signals are blocked in threads
/// that are made later; those made before must block them themselves. SIGPIPE is ignored: writing
/// to what is gone is an error to handle.
class Signals {
 public:
  /// `more`: others than the four. Those that this process has inherited as ignored stay so.
  explicit Signals(std::initializer_list<int> more = {});
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  /// The next signal that came, 0 if there is none.
  int next();
  /// From now on they do to this process what they did before.
  void release() const;
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  sigset_t wanted_{};
  sigset_t before_{};
  Descriptor fd_;
};

/// Each turn of a program's loop says what it is interested in, and waits until any of it happens.
class EventLoop {
 public:
  explicit EventLoop(std::initializer_list<int> more_signals = {});

  // What the next wait() is for, and only that one. A deadline may be none; the earliest counts.
  void watch(zmq::socket_t& socket, short events = ZMQ_POLLIN);
  void watch(int fd);
  void wake_at(std::optional<Time> deadline);
  void wake_at_once() { wake_at(Time{}); }

  /// How often a user has asked to stop meanwhile. Ctrl-Z stops the process inside.
  int wait();
  /// The first signal by which the user asked to stop; 0: there was none.
  [[nodiscard]] int stop_signal() const { return stop_signal_; }

  /// What has to stop with this process, and to go on with it.
  void on_pause(std::function<void()> pause, std::function<void()> resume);
  /// From now on a signal ends the program, as usual. `at_once`: so does the one that came first.
  void release_signals(bool at_once = false) const;

 private:
  void set_timer();
  int take_signals();
  void pause();

  Signals signals_;
  Descriptor timer_;  // finer than the milliseconds that polling offers
  std::vector<zmq::pollitem_t> items_;
  std::optional<Time> deadline_;
  std::int64_t armed_ = 0;  // what the timer is set to; 0: nothing
  std::function<void()> pause_;
  std::function<void()> resume_;
  int stop_signal_ = 0;
};

/// How long a program receives before it turns to its other work: peers may never fall silent.
class TimeSlice {
 public:
  TimeSlice();
  [[nodiscard]] bool over() const;

 private:
  Time end_;
};

}  // namespace divvy
