// Somebody whom a program needs and who is not there.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "common/log.hpp"
#include "common/time.hpp"

namespace divvy {

/// Tells the user for whom the program has been waiting for two seconds, once, and when they are
/// there.
class Waiting {
 public:
  /// `whom`: such as "a sink at tcp://127.0.0.1:5558". Call it in each turn of the loop.
  void update(bool there, std::string_view whom, Time now, const Log& log) {
    if (there) {
      if (told_) log.info("found " + whom_);
      since_.reset();
      told_ = false;
      return;
    }
    if (!since_) since_ = now;
    if (told_ || now < *since_ + kPatience) return;
    told_ = true;
    whom_ = whom;
    log.info("waiting for " + whom_);
  }

  /// When to update again at the latest.
  [[nodiscard]] std::optional<Time> deadline() const {
    if (!since_ || told_) return {};
    return *since_ + kPatience;
  }

 private:
  static constexpr std::chrono::seconds kPatience{2};

  std::optional<Time> since_;  // none: they are there
  bool told_ = false;
  std::string whom_;  // as it was told
};

}  // namespace divvy
