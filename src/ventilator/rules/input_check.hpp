// Whether a batch that goes on has the input that it began with.
#pragma once

#include <algorithm>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/digest.hpp"
#include "divvy/protocol.hpp"

namespace divvy::ventilator {

/// Knows the digests of what is recorded, and compares them with what is read.
class InputCheck {
 public:
  /// A text, as far as it is kept: enough to see whether it is another one, and to show it.
  struct Read {
    explicit Read(std::string_view text)
        : beginning(text.substr(0, kShown)), digest(digest_of(text)) {}
    static constexpr std::size_t kShown = 64;
    std::string beginning;
    std::uint64_t digest = 0;
    friend bool operator==(const Read&, const Read&) = default;
  };

  /// The texts of `ids`, which are recorded, have this digest. To be told in the order of the ids;
  /// what is told again is ignored.
  void expect(Range ids, std::uint64_t digest) {
    if (digest == 0) return;
    if (ids.first > last_) expected_.push_back({ids, digest});
    last_ = std::max(last_, ids.end() - 1);
  }

  /// Takes the texts in the order of their ids, from 1 on. Returns recorded tasks if they have
  /// other texts than these.
  std::optional<Range> read(TaskId id, std::string_view text) {
    while (!expected_.empty() && expected_.front().ids.end() <= id) expected_.pop_front();
    if (expected_.empty() || !expected_.front().ids.contains(id)) return {};
    const auto& [ids, digest] = expected_.front();
    if (id == ids.first) {
      digest_ = {};
      last_read_.clear();
    }
    digest_.add_text(text);
    last_read_.emplace_back(text);
    const bool whole = id + 1 == ids.end();
    if (!whole || digest_.value() == digest) return {};
    return ids;
  }

  /// Of the recorded tasks that were compared last.
  [[nodiscard]] const std::vector<Read>& last_read() const { return last_read_; }

  /// The last recorded task, 0 if there is none: when it is read, all is checked.
  [[nodiscard]] TaskId last() const { return last_; }

 private:
  struct Expected {
    Range ids;
    std::uint64_t digest = 0;
  };

  std::deque<Expected> expected_;
  Digest digest_;
  std::vector<Read> last_read_;
  TaskId last_ = 0;
};

}  // namespace divvy::ventilator
