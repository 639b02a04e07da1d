// What a journal knows of tasks by their texts.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "divvy/protocol.hpp"
#include "ventilator/fingerprint.hpp"
#include "ventilator/rules/input_check.hpp"

namespace divvy::ventilator {

/// The texts that have succeeded in a journal, in whatever batch: 16 bytes each.
class Successes {
 public:
  /// None, if the journal is not there yet, or is empty. Throws std::runtime_error, with a line for
  /// the user, if it cannot be read.
  explicit Successes(const std::string& journal);

  /// Whether a task of this text is to be skipped; it is counted then.
  bool skips(std::string_view text);
  [[nodiscard]] std::uint64_t skipped() const { return skipped_; }
  /// Of these, those that have succeeded with other commands only, as far as that is known.
  [[nodiscard]] std::uint64_t skipped_of_other_commands(std::string_view command) const;

 private:
  // Of a fingerprint the last 16 bits give way to the number of the command.
  struct Entry {
    std::uint64_t high = 0;
    std::uint64_t low = 0;
    friend bool operator==(const Entry&, const Entry&) = default;
    friend bool operator<(const Entry& one, const Entry& other) {
      return std::tie(one.high, one.low) < std::tie(other.high, other.low);
    }
  };
  using Commands = std::vector<std::size_t>;

  std::vector<std::string> commands_;  // by number; empty: not known
  std::vector<Entry> entries_;         // sorted
  std::uint64_t skipped_ = 0;
  std::map<Commands, std::uint64_t> skipped_of_;  // by the commands that they have succeeded with
};

/// In which tasks of `ids` an input differs from what a batch has recorded there, for people: the
/// first few. `read`: the input's. Empty if the journal does not tell.
std::string differences(const std::string& journal, const std::string& batch, Range ids,
                        const std::vector<InputCheck::Read>& read);

}  // namespace divvy::ventilator
