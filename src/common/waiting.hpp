// Somebody whom a program needs and who is not there.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "common/log.hpp"
#include "common/time.hpp"

namespace divvy {

/// For Waiting::update().
inline constexpr auto nothing_more = [] { return std::string(); };

/// Tells the user for whom the program has been waiting for two seconds, once, and when they are
/// there.
class Waiting {
 public:
  static constexpr std::chrono::seconds kPatience{2};

  /// `whom()`: such as "a sink at tcp://127.0.0.1:5558"; `more()`: what else to say of them while
  /// they are missing; `since`: when, if that was before the last call. To be called in each turn
  /// of the loop, so texts are made only when they are told.
  void update(bool there, auto whom, auto more, Time now, const Log& log,
              std::optional<Time> since = {}) {
    if (there) {
      if (told_) log.info("found " + whom());
      return stop();
    }
    if (!since_) since_ = since.value_or(now);
    if (told_ || now < *since_ + kPatience) return;
    told_ = true;
    log.info("waiting for " + whom() + more());
  }
  /// Nobody is waited for any more.
  void stop() {
    since_.reset();
    told_ = false;
  }

  /// When to update again at the latest.
  [[nodiscard]] std::optional<Time> deadline() const {
    if (!since_ || told_) return {};
    return *since_ + kPatience;
  }

 private:
  std::optional<Time> since_;  // none: they are there
  bool told_ = false;
};

}  // namespace divvy
