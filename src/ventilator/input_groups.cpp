#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "ventilator/input.hpp"

namespace divvy::ventilator {
namespace {

// The kernel's MAX_ARG_STRLEN on most machines: of an argument, or of a variable such as the one
// that has the text of a task.
constexpr std::size_t kMostInAString = 128 << 10;
// For what stands around the values: a variable's name, the other words of a command.
constexpr std::size_t kMargin = 4096;

std::size_t environment_size() {
  std::size_t size = 0;
  for (char** variable = environ; *variable != nullptr; ++variable) {
    size += std::strlen(*variable) + 1 + sizeof(char*);
  }
  return size;
}

class Groups : public Input {
 public:
  Groups(std::unique_ptr<Input> input, const Group::Limits& limits)
      : input_(std::move(input)), group_(limits) {}

  void read(const Take& take) override {
    input_->read([&](std::string_view value) { add(value, take); });
    if (input_->ended() && !group_.empty()) end_group(take);
  }

  [[nodiscard]] bool ended() const override { return input_->ended(); }
  [[nodiscard]] std::optional<int> fd() const override { return input_->fd(); }
  [[nodiscard]] TextForm form() const override { return TextForm::words; }
  [[nodiscard]] std::string remark() const override { return input_->remark(); }

 private:
  void add(std::string_view value, const Take& take) {
    if (!group_.has_room_for(value)) end_group(take);
    group_.add(value);
    if (group_.full()) end_group(take);
  }

  void end_group(const Take& take) {
    ++number_;
    const std::string text = group_.take();
    if (text.size() > kMaxTextBytes) refuse();
    take(text);
  }

  [[noreturn]] void refuse() const {
    throw std::runtime_error(
        fmt::format("task {}: longer than {}m when it is quoted", number_, kMaxTextBytes >> 20));
  }

  std::unique_ptr<Input> input_;
  Group group_;
  std::uint64_t number_ = 0;
};

}  // namespace

std::unique_ptr<Input> in_groups(std::unique_ptr<Input> input, const Group::Limits& limits) {
  return std::make_unique<Groups>(std::move(input), limits);
}

Group::Limits group_limits(std::uint64_t values) {
  const auto whole = static_cast<std::size_t>(std::max(::sysconf(_SC_ARG_MAX), 0L));
  const std::size_t taken = environment_size() + kMargin;
  return {.values = values,
          .text_bytes = kMostInAString - kMargin,
          .system_bytes = whole > taken ? whole - taken : 0};
}

}  // namespace divvy::ventilator
