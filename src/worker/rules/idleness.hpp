// For how long a worker has had nothing to do.
#pragma once

#include <optional>

#include "common/time.hpp"

namespace divvy::worker {

class Idleness {
 public:
  /// `limit`: how long it may last; nothing: for ever. It begins with the first call of update().
  explicit Idleness(std::optional<Time::duration> limit) : limit_(limit) {}

  /// To be called whenever something may have changed.
  void update(bool has_tasks, Time now) {
    if (has_tasks) {
      since_.reset();
    } else if (!since_) {
      since_ = now;
    }
  }
  [[nodiscard]] bool too_long(Time now) const { return deadline() && *deadline() <= now; }
  /// When it has lasted too long.
  [[nodiscard]] std::optional<Time> deadline() const {
    return since_ && limit_ ? std::optional(*since_ + *limit_) : std::nullopt;
  }

 private:
  std::optional<Time::duration> limit_;
  std::optional<Time> since_;  // nothing: there are tasks
};

}  // namespace divvy::worker
