// Bytes of files, one file after the other.
#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "common/descriptor.hpp"

namespace divvy::ventilator {

/// Never waits for what is not there yet, as in a pipe. No file is opened before its turn: there
/// may be more of them than descriptors.
class Files {
 public:
  enum class Read {
    nothing,  // there is nothing now
    bytes,
    end,  // of the current file
  };

  /// At least one; "-" is standard input. Throws std::runtime_error if one of them cannot be read.
  explicit Files(std::vector<std::string> paths);

  /// To be called while one is left. Throws std::runtime_error if it cannot be read.
  Read read();
  /// What was read last; valid until the next call.
  [[nodiscard]] std::string_view bytes() const { return {block_.data(), size_}; }
  /// Goes on with the next file, when the current one has ended.
  void next();

  /// Whether there is none any more.
  [[nodiscard]] bool ended() const { return current_ == paths_.size(); }
  /// Readable when there is something to be read.
  [[nodiscard]] int fd() const { return fd_.get(); }
  /// Of the current one, for people.
  [[nodiscard]] std::string name() const;

 private:
  std::vector<std::string> paths_;
  std::size_t current_ = 0;
  Descriptor fd_;
  std::array<char, 1 << 16> block_{};
  std::size_t size_ = 0;
};

}  // namespace divvy::ventilator
