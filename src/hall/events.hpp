// Deadlines and signals as descriptors, so that a program waits for everything in one place.
#pragma once

#include <chrono>
#include <csignal>
#include <optional>

namespace divvy {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }
  int release();

 private:
  int fd_ = -1;
};

/// Readable once a deadline has passed; finer than the milliseconds that polling offers.
class Timer {
 public:
  Timer();

  /// Replaces the deadline; none: never.
  void set(std::optional<Time> deadline);
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  Descriptor fd_;
  std::optional<Time> deadline_;
};

/// How long a program listens before it turns to its other work: peers may never fall silent.
class Turn {
 public:
  [[nodiscard]] bool over() const { return Clock::now() >= end_; }

 private:
  Time end_ = Clock::now() + std::chrono::milliseconds(10);
};

/// SIGINT and SIGTERM as a readable descriptor. Made before any thread, for its signals are blocked
/// in all of them. SIGPIPE is ignored: writing to what is gone is an error to handle.
class Signals {
 public:
  Signals();

  /// How many came since the last call.
  int drain();
  /// From now on they end the program, as usual.
  void release() const;
  [[nodiscard]] int fd() const { return fd_.get(); }

 private:
  sigset_t wanted_{};
  Descriptor fd_;
};

}  // namespace divvy
