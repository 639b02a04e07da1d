// Whether a batch that goes on has the input that it began with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>

#include "common/digest.hpp"
#include "divvy/protocol.hpp"

namespace divvy::ventilator {

/// Knows the digests of what is recorded, and compares them with what is read.
class InputCheck {
 public:
  /// The texts of `ids`, which are recorded, have this digest.
  void expect(Range ids, std::uint64_t digest) {
    if (digest == 0) return;
    expected_[ids.first] = {ids, digest};
    last_ = std::max(last_, ids.end() - 1);
  }

  /// Takes the texts in the order of their ids, from 1 on. Returns recorded tasks if they have
  /// other texts than these.
  std::optional<Range> read(TaskId id, std::string_view text) {
    if (id > last_) return {};
    if (const auto begins = expected_.find(id); begins != expected_.end()) {
      current_ = begins->second;
      digest_ = {};
    }
    if (!current_ || !current_->ids.contains(id)) return {};
    digest_.add_text(text);
    const bool whole = id + 1 == current_->ids.end();
    if (!whole || digest_.value() == current_->digest) return {};
    return current_->ids;
  }

  /// The last recorded task, 0 if there is none: when it is read, all is checked.
  [[nodiscard]] TaskId last() const { return last_; }

 private:
  struct Expected {
    Range ids;
    std::uint64_t digest = 0;
  };

  std::map<TaskId, Expected> expected_;
  std::optional<Expected> current_;
  Digest digest_;
  TaskId last_ = 0;
};

}  // namespace divvy::ventilator
