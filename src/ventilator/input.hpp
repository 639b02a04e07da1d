// Where tasks come from: lines of a file or a pipe, or random workloads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace divvy::ventilator {

class Input {
 public:
  using Take = std::function<void(std::string_view text)>;

  Input() = default;
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  virtual ~Input() = default;

  /// Hands some tasks to `take`, none if none are there yet. Throws std::runtime_error if the input
  /// cannot be read, or has a task that is too long.
  virtual void read(const Take& take) = 0;
  [[nodiscard]] virtual bool ended() const = 0;
  /// Readable when read() would find something; nothing: it always does.
  [[nodiscard]] virtual std::optional<int> fd() const = 0;
  /// Whether read() would find something now.
  [[nodiscard]] bool ready() const;
};

inline constexpr std::size_t kMaxTaskBytes = 1 << 20;

/// One task a line (a carriage return before the line's end is not part of it, empty lines are
/// skipped), or with `delimiter` NUL one task a string, empty or not. `path` "-" is standard input.
/// Throws std::runtime_error if it cannot be opened.
std::unique_ptr<Input> open_lines(const std::string& path, char delimiter);

struct RandomWorkloads {
  std::uint64_t count = 100;
  std::uint32_t min_msec = 1;
  std::uint32_t max_msec = 100;
  std::uint64_t seed = 0;
};

/// `count` numbers of milliseconds, evenly distributed from `min_msec` to `max_msec`.
std::unique_ptr<Input> open_random(const RandomWorkloads& workloads);

/// `input`, but nothing of it before the user, who is asked to, has pressed Enter.
std::unique_ptr<Input> after_enter(std::unique_ptr<Input> input);

}  // namespace divvy::ventilator
