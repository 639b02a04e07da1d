#include <fmt/format.h>

#include <stdexcept>
#include <utility>

#include "common/words.hpp"
#include "ventilator/input.hpp"

namespace divvy::ventilator {
namespace {

// To be handed over at once.
constexpr std::size_t kSomeTasks = 10'000;
constexpr std::size_t kSomeBytes = 1 << 20;

class Lists : public Input {
 public:
  Lists(std::vector<ValueList> lists, std::size_t max_bytes)
      : form_(lists.size() == 1 ? TextForm::line : TextForm::words),
        max_bytes_(max_bytes),
        combinations_(std::move(lists)) {}

  void read(const Take& take) override {
    std::size_t bytes = 0;
    for (std::size_t tasks = 0; tasks < kSomeTasks && bytes < kSomeBytes && !ended(); ++tasks) {
      const auto values = combinations_.next();
      const std::string text = form_ == TextForm::line ? values.front() : joined_words(values);
      ++number_;
      if (text.size() > max_bytes_) refuse();
      bytes += text.size();
      take(text);
    }
  }

  [[nodiscard]] bool ended() const override { return combinations_.ended(); }
  [[nodiscard]] std::optional<int> fd() const override { return {}; }
  [[nodiscard]] TextForm form() const override { return form_; }

 private:
  [[noreturn]] void refuse() const {
    throw std::runtime_error(fmt::format("task {} of :::, {}", number_, too_long(max_bytes_)));
  }

  TextForm form_;
  std::size_t max_bytes_;
  Combinations combinations_;
  std::uint64_t number_ = 0;
};

}  // namespace

std::unique_ptr<Input> open_lists(std::vector<ValueList> lists, std::size_t max_bytes) {
  return std::make_unique<Lists>(std::move(lists), max_bytes);
}

}  // namespace divvy::ventilator
