// Where the sink prints to.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace divvy::sink {

/// Nobody reads any more: an end that is not worth a word.
struct ReaderGone : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Standard output or standard error. What is put there is written together, on a terminal by the
/// line; a slow reader is waited for, also if the descriptor does not block.
class Output {
 public:
  enum class Loss {
    is_error,  // what cannot be written throws: ReaderGone, or std::runtime_error with a line;
               // a terminal that was closed is borne all the same, for what runs is recorded
    is_borne,  // what cannot be written is dropped
  };

  Output(int fd, Loss loss);

  void put(std::string_view text);
  void flush();
  /// The last line on a terminal is not ended yet.
  [[nodiscard]] bool mid_line() const { return mid_line_; }

 private:
  void write(std::string_view text);

  int fd_;
  Loss loss_;
  bool terminal_;
  bool mid_line_ = false;
  std::string waiting_;
};

}  // namespace divvy::sink
