#include "ventilator/input.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <utility>

namespace divvy::ventilator {
namespace {

class Random : public Input {
 public:
  explicit Random(const RandomWorkloads& workloads)
      : left_(workloads.count),
        distribution_(workloads.min_msec, workloads.max_msec),
        generator_(workloads.seed) {}

  void read(const Take& take) override {
    constexpr std::uint64_t some = 10'000;
    for (std::uint64_t i = std::min(left_, some); i > 0; --i, --left_) {
      take(fmt::format_int(distribution_(generator_)).c_str());
    }
  }

  [[nodiscard]] bool ended() const override { return left_ == 0; }
  [[nodiscard]] std::optional<int> fd() const override { return {}; }

 private:
  std::uint64_t left_;
  std::uniform_int_distribution<std::uint32_t> distribution_;
  std::mt19937_64 generator_;
};

// Nothing before the user has pressed Enter.
class AfterEnter : public Input {
 public:
  explicit AfterEnter(std::unique_ptr<Input> input) : input_(std::move(input)) {
    fmt::print("Press Enter when the workers are ready: ");
    std::fflush(stdout);
  }

  void read(const Take& take) override {
    if (entered_) return input_->read(take);
    char c = 0;
    const ssize_t size = ::read(STDIN_FILENO, &c, 1);
    entered_ = size <= 0 || c == '\n';
  }

  [[nodiscard]] bool ended() const override { return entered_ && input_->ended(); }
  [[nodiscard]] std::optional<int> fd() const override {
    return entered_ ? input_->fd() : STDIN_FILENO;
  }
  [[nodiscard]] TextForm form() const override { return input_->form(); }
  [[nodiscard]] bool waits_for_user() const override { return !entered_; }

 private:
  std::unique_ptr<Input> input_;
  bool entered_ = false;
};

}  // namespace

bool Input::ready() const {
  const auto source = fd();
  pollfd item{source.value_or(-1), POLLIN, 0};
  return !source || ::poll(&item, 1, 0) > 0;
}

std::string too_long(std::size_t max_bytes) {
  return fmt::format("longer than {} bytes; --max-task allows more, up to {}m", max_bytes,
                     kMaxTextBytes >> 20);
}

std::unique_ptr<Input> open_random(const RandomWorkloads& workloads) {
  return std::make_unique<Random>(workloads);
}

std::unique_ptr<Input> after_enter(std::unique_ptr<Input> input) {
  return std::make_unique<AfterEnter>(std::move(input));
}

}  // namespace divvy::ventilator
