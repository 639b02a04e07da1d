#include "ventilator/input.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <random>
#include <stdexcept>
#include <utility>

#include "hall/events.hpp"

namespace divvy::ventilator {
namespace {

class Lines : public Input {
 public:
  Lines(Descriptor fd, std::string name, char delimiter)
      : fd_(std::move(fd)), name_(std::move(name)), delimiter_(delimiter) {}

  void read(const Take& take) override {
    std::array<char, 1 << 16> block;  // NOLINT(cppcoreguidelines-pro-type-member-init)
    const ssize_t size = ::read(fd_.get(), block.data(), block.size());
    if (size < 0) {
      if (errno == EAGAIN || errno == EINTR) return;
      throw std::runtime_error(fmt::format("cannot read {}: {}", name_, std::strerror(errno)));
    }
    if (size == 0) {
      ended_ = true;
      if (!begun_.empty()) pass(std::exchange(begun_, {}), take);
      return;
    }
    split({block.data(), static_cast<std::size_t>(size)}, take);
  }

  [[nodiscard]] bool ended() const override { return ended_; }
  [[nodiscard]] std::optional<int> fd() const override { return fd_.get(); }

 private:
  void split(std::string_view block, const Take& take) {
    for (auto end = block.find(delimiter_); end != std::string_view::npos;
         end = block.find(delimiter_)) {
      if (begun_.empty()) {
        pass(block.substr(0, end), take);
      } else {
        begun_ += block.substr(0, end);
        pass(std::exchange(begun_, {}), take);
      }
      block.remove_prefix(end + 1);
    }
    begun_ += block;
    check_length(begun_.size());
  }

  void pass(std::string_view text, const Take& take) {
    ++number_;
    check_length(text.size());
    if (delimiter_ == '\n') {
      if (text.ends_with('\r')) text.remove_suffix(1);
      if (text.empty()) return;
    }
    take(text);
  }

  void check_length(std::size_t length) const {
    if (length <= kMaxTaskBytes) return;
    throw std::runtime_error(
        fmt::format("{}: task {} is longer than {} bytes", name_, number_ + 1, kMaxTaskBytes));
  }

  Descriptor fd_;
  std::string name_;
  char delimiter_;
  std::string begun_;  // a line whose end is still to come
  std::uint64_t number_ = 0;
  bool ended_ = false;
};

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

std::unique_ptr<Input> open_lines(const std::string& path, char delimiter) {
  const bool standard = path == "-";
  const std::string name = standard ? "standard input" : path;
  Descriptor fd(standard ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                         : ::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about {};
  if (fd.open() && ::fstat(fd.get(), &about) == 0 && S_ISDIR(about.st_mode)) errno = EISDIR;
  if (!fd.open() || S_ISDIR(about.st_mode)) {
    throw std::runtime_error(fmt::format("cannot read {}: {}", name, std::strerror(errno)));
  }
  return std::make_unique<Lines>(std::move(fd), name, delimiter);
}

std::unique_ptr<Input> open_random(const RandomWorkloads& workloads) {
  return std::make_unique<Random>(workloads);
}

std::unique_ptr<Input> after_enter(std::unique_ptr<Input> input) {
  return std::make_unique<AfterEnter>(std::move(input));
}

}  // namespace divvy::ventilator
