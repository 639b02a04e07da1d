// The line that names the columns.
#pragma once

#include <string>
#include <string_view>

namespace divvy::ventilator {

/// The first text of the input, if it is to be no task but to name the columns.
class Header {
 public:
  explicit Header(bool wanted) : wanted_(wanted) {}

  /// Of each text in its order. The first one of a further file is the header only if it is the
  /// same again.
  bool takes(std::string_view text, bool first_of_file) {
    if (!wanted_ || !first_of_file) return false;
    if (!known_) text_ = text;
    known_ = true;
    return text == text_;
  }

  /// Empty as long as it is not known.
  [[nodiscard]] const std::string& text() const { return text_; }

 private:
  bool wanted_;
  bool known_ = false;
  std::string text_;
};

}  // namespace divvy::ventilator
