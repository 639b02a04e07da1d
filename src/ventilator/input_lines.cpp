#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <stdexcept>
#include <utility>

#include "common/descriptor.hpp"
#include "common/plural.hpp"
#include "ventilator/input.hpp"
#include "ventilator/input_file.hpp"

namespace divvy::ventilator {
namespace {

class Lines : public Input {
 public:
  Lines(std::vector<std::string> paths, const LineRules& rules)
      : paths_(std::move(paths)), rules_(rules), fd_(open_input(paths_.front())) {}

  void read(const Take& take) override {
    std::array<char, 1 << 16> block;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    const ssize_t size = ::read(fd_.get(), block.data(), block.size());
    if (size > 0) return split({block.data(), static_cast<std::size_t>(size)}, take);
    if (size == 0) return end_file(take);
    if (errno != EAGAIN && errno != EINTR) fail_to_read(paths_[current_], errno);
  }

  [[nodiscard]] bool ended() const override { return current_ == paths_.size(); }
  [[nodiscard]] std::optional<int> fd() const override { return fd_.get(); }
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
    take(text);
  }

  void end_file(const Take& take) {
    if (!begun_.empty()) take_line(std::exchange(begun_, {}), take);
    number_ = 0;
    if (++current_ < paths_.size()) fd_ = open_input(paths_[current_]);
  }

  [[noreturn]] void refuse_line(std::uint64_t number) const {
    throw std::runtime_error(
        fmt::format("{}, {} {}: longer than {} bytes; --max-task allows more, up to {}m",
                    input_name(paths_[current_]), rules_.delimiter == '\n' ? "line" : "string",
                    number, rules_.max_bytes, kMaxTextBytes >> 20));
  }

  std::vector<std::string> paths_;
  LineRules rules_;
  std::size_t current_ = 0;  // of paths_
  Descriptor fd_;
  std::string begun_;         // a line whose end is still to come
  std::uint64_t number_ = 0;  // of the last whole line in the current file
  std::uint64_t skipped_ = 0;
};

}  // namespace

std::unique_ptr<Input> open_lines(const std::vector<std::string>& paths, const LineRules& rules) {
  check_readable(paths);
  return std::make_unique<Lines>(paths, rules);
}

}  // namespace divvy::ventilator
