// At which port a worker opens its lane.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <numeric>
#include <random>
#include <vector>

#include "common/time.hpp"
#include "divvy/endpoints.hpp"

namespace divvy::worker {

/// Each port of a range once, in an order of chance, before any is tried again: all workers choose
/// from the same range, and a port has room for one. After one that is taken the next is tried at
/// once; after one that cannot be reached, or when all were taken, a while later.
class LaneChoice {
 public:
  LaneChoice(PortRange ports, std::uint64_t seed)
      : ports_(static_cast<std::size_t>(ports.count())), dice_(seed) {
    std::iota(ports_.begin(), ports_.end(), ports.first);
  }

  /// When to try a port.
  [[nodiscard]] Time at() const { return at_; }
  /// Which. It has to be told then what has become of that.
  int next() {
    if (place_ == 0) std::shuffle(ports_.begin(), ports_.end(), dice_);
    const int port = ports_[place_];
    place_ = (place_ + 1) % ports_.size();
    return port;
  }

  void taken(Time now) {
    pause_ = kFirstPause;
    at_ = now;
    if (++taken_ % ports_.size() == 0) at_ = now + kLongestPause;
  }
  void unreachable(Time now) {
    taken_ = 0;
    at_ = now + pause_;
    pause_ = std::min(2 * pause_, kLongestPause);
  }
  /// There was a connection, and it has ended.
  void ended(Time now) {
    taken_ = 0;
    pause_ = kFirstPause;
    at_ = now;
  }

  /// Whether others had all ports, as far as is known.
  [[nodiscard]] bool all_taken() const { return taken_ >= ports_.size(); }

 private:
  static constexpr std::chrono::milliseconds kFirstPause{20};
  /// Shorter than what a ventilator that was started again waits for its workers.
  static constexpr std::chrono::milliseconds kLongestPause{500};

  std::vector<int> ports_;
  std::mt19937_64 dice_;
  std::size_t place_ = 0;  // in ports_, of the next one
  std::size_t taken_ = 0;  // in a row
  std::chrono::milliseconds pause_ = kFirstPause;
  Time at_;
};

}  // namespace divvy::worker
