// Where the input is cut into pieces that end with a line.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace divvy::ventilator {

/// A piece is as many whole lines as have room in `size` bytes, or one line that has not. What is
/// left at the end of the input has no more than `size` bytes, and may be without a line's end.
struct BlockRules {
  std::uint64_t size = 1 << 20;  // bytes, at least 1
  char delimiter = '\n';         // at the end of a line
};

/// Cuts what comes bit by bit.
class BlockCutter {
 public:
  explicit BlockCutter(const BlockRules& rules) : rules_(rules) {}

  /// How long the piece is that `bytes` begin with; 0: that is not known before more of them have
  /// come, behind those that are there. `all`: no more will come.
  std::size_t cut(std::string_view bytes, bool all) {
    if (bytes.size() <= rules_.size) return all ? bytes.size() : 0;
    const std::size_t size = rules_.size;
    if (looked_at_ < size) {
      const auto last = bytes.substr(0, size).rfind(rules_.delimiter);
      if (last != std::string_view::npos) return found(last + 1);
    }
    const auto end = bytes.find(rules_.delimiter, std::max(looked_at_, size));
    if (end != std::string_view::npos) return found(end + 1);
    looked_at_ = bytes.size();
    return all ? found(bytes.size()) : 0;
  }

 private:
  std::size_t found(std::size_t size) {
    looked_at_ = 0;
    return size;
  }

  BlockRules rules_;
  std::size_t looked_at_ = 0;  // of a line that is longer than a piece: where no end is
};

/// Where the piece ends that begins at `begin` in a file of `size` bytes. `read(offset, most)` is
/// to bring what is at that offset of the file: so many bytes, or fewer, and none if the file has
/// become shorter. Of a large piece only the end is read.
std::uint64_t piece_end(const BlockRules& rules, std::uint64_t begin, std::uint64_t size,
                        auto read) {
  constexpr std::uint64_t window = 1 << 16;
  if (size - begin <= rules.size) return size;
  for (std::uint64_t end = begin + rules.size; end > begin;) {
    const std::uint64_t from = end - std::min(window, end - begin);
    const std::string_view bytes = read(from, end - from);
    const auto last = bytes.rfind(rules.delimiter);
    if (last != std::string_view::npos) return from + last + 1;
    end = from;
  }
  for (std::uint64_t from = begin + rules.size; from < size;) {
    const std::string_view bytes = read(from, std::min(window, size - from));
    if (bytes.empty()) break;
    const auto first = bytes.find(rules.delimiter);
    if (first != std::string_view::npos) return from + first + 1;
    from += bytes.size();
  }
  return size;
}

}  // namespace divvy::ventilator
