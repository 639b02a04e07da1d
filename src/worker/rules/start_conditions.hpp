// When a task may be started, beside that a slot is free.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "common/time.hpp"

namespace divvy::worker {

/// What a user demands.
struct StartDemands {
  Time::duration delay{};              // since the last start
  std::optional<double> below_load{};  // tasks that want a core
  std::uint64_t memory = 0;            // available bytes; 0: whatever there is

  [[nodiscard]] bool any() const {
    return delay > Time::duration::zero() || below_load || memory > 0;
  }
};

/// What the kernel says of the machine; nothing of what could not be read.
struct MachineState {
  std::optional<double> load_average{};      // of the last minute
  std::uint32_t runnable = 0;                // right now, but for who reads it
  std::optional<std::uint64_t> available{};  // bytes of memory
};

/// Both figures lag: a task that has just been started does not yet need what it will. So one that
/// runs for less than kSettled counts as one that wants a core, and as one that still takes all of
/// the memory that is demanded.
class StartConditions {
 public:
  static constexpr auto kSettled = std::chrono::seconds(1);

  explicit StartConditions(StartDemands demands) : demands_(demands) {}

  [[nodiscard]] bool depend_on_machine() const {
    return demands_.below_load || demands_.memory > 0;
  }

  /// What is in the way.
  struct Shortfall {
    enum class Of { load, memory };
    Of of = Of::load;
    std::optional<double> is{};  // nothing: it could not be read
    double demanded = 0;         // load: less than that; memory: at least
    std::uint64_t young = 0;     // that many were just started
  };
  /// `young`: how many run for less than kSettled.
  [[nodiscard]] std::optional<Shortfall> shortfall(const MachineState& machine,
                                                   std::uint64_t young) const;

  void started(Time now);
  /// Time has passed.
  void advance(Time now);
  [[nodiscard]] bool is_too_soon(Time now) const { return next_start_ && now < *next_start_; }
  /// When it is not too soon any more, if it was at the last advance().
  [[nodiscard]] std::optional<Time> deadline() const { return next_start_; }

 private:
  StartDemands demands_;
  std::optional<Time> next_start_;  // not before that
};

}  // namespace divvy::worker
