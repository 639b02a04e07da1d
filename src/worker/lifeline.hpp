// The line to whoever has started a worker, perhaps from another machine.
#pragma once

#include <optional>

#include "common/event_loop.hpp"
#include "common/time.hpp"

namespace divvy::worker {

/// A descriptor of which nothing matters but that it is there: it is cut when it ends. As soon as a
/// byte has come, it is a heartbeat that others must follow, and the line is cut when none does for
/// a while: a connection that was lost without a word does not end. After kPaused, others are not
/// waited for.
class Lifeline {
 public:
  static constexpr char kBeat = '\n';
  static constexpr char kPaused = 'p';

  /// Does not own `fd`.
  Lifeline(int fd, Time::duration longest_silence) : fd_(fd), longest_silence_(longest_silence) {}

  void add_to(EventLoop& loop) const;
  /// True once, when it is cut.
  bool cut(Time now);

 private:
  bool ended(Time now);

  int fd_;
  Time::duration longest_silence_;
  std::optional<Time> next_byte_by_;
  bool is_cut_ = false;
};

}  // namespace divvy::worker
