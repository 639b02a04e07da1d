#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "common/plural.hpp"
#include "ventilator/files.hpp"
#include "ventilator/input.hpp"
#include "ventilator/rules/header.hpp"

namespace divvy::ventilator {
namespace {

class Lines : public Input {
 public:
  Lines(std::vector<std::string> paths, const LineRules& rules)
      : rules_(rules), header_(rules.header), files_(std::move(paths)) {}

  void read(const Take& take) override {
    switch (files_.read()) {
      case Files::Read::nothing:
        return;
      case Files::Read::bytes:
        return split(files_.bytes(), take);
      case Files::Read::end:
        return end_file(take);
    }
  }

  [[nodiscard]] bool ended() const override { return files_.ended(); }
  [[nodiscard]] std::optional<int> fd() const override { return files_.fd(); }
  [[nodiscard]] std::string_view header() const override { return header_.text(); }
  [[nodiscard]] std::string remark() const override {
    if (skipped_ == 0) return {};
    return "skipped " + plural(skipped_, "empty line");
  }

 private:
  void split(std::string_view block, const Take& take) {
    for (auto end = block.find(rules_.delimiter); end != std::string_view::npos;
         end = block.find(rules_.delimiter)) {
      if (begun_.empty()) {
        take_line(block.substr(0, end), take);
      } else {
        begun_ += block.substr(0, end);
        take_line(std::exchange(begun_, {}), take);
      }
      block.remove_prefix(end + 1);
    }
    begun_ += block;
    // Its end may be a carriage return, which does not count.
    if (begun_.size() > rules_.max_bytes + 1) refuse_line(number_ + 1);
  }

  void take_line(std::string_view text, const Take& take) {
    ++number_;
    if (rules_.delimiter == '\n') {
      if (text.ends_with('\r')) text.remove_suffix(1);
      if (text.empty()) {
        ++skipped_;
        return;
      }
    }
    if (text.size() > rules_.max_bytes) refuse_line(number_);
    if (!header_.takes(text, std::exchange(first_of_file_, false))) take(text);
  }

  void end_file(const Take& take) {
    if (!begun_.empty()) take_line(std::exchange(begun_, {}), take);
    number_ = 0;
    first_of_file_ = true;
    files_.next();
  }

  [[noreturn]] void refuse_line(std::uint64_t number) const {
    throw std::runtime_error(fmt::format("{}, {} {}: {}", files_.name(),
                                         rules_.delimiter == '\n' ? "line" : "string", number,
                                         too_long(rules_.max_bytes)));
  }

  LineRules rules_;
  Header header_;
  Files files_;
  std::string begun_;         // a line whose end is still to come
  std::uint64_t number_ = 0;  // of the last whole line in the current file
  bool first_of_file_ = true;
  std::uint64_t skipped_ = 0;
};

}  // namespace

std::unique_ptr<Input> open_lines(const std::vector<std::string>& paths, const LineRules& rules) {
  return std::make_unique<Lines>(paths, rules);
}

}  // namespace divvy::ventilator
