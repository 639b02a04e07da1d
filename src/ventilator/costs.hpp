// How long tasks will take, as far as that is known beforehand.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace divvy::ventilator {

class Costs {
 public:
  /// A workload costs what it says.
  Costs() = default;
  /// A task costs what it took in earlier batches, on an average of its successes; one that was not
  /// in them costs what all did. Throws std::runtime_error if the journal cannot be read.
  explicit Costs(const std::string& journal);

  /// Nothing if it is not known.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> of(std::string_view text) const;

 private:
  std::unordered_map<std::string, std::chrono::nanoseconds> took_;
  std::optional<std::chrono::nanoseconds> mean_;  // none: there is no history
};

}  // namespace divvy::ventilator
