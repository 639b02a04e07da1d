// Where tasks come from: lines, records or pieces of files and pipes, lists, or random workloads.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "divvy/protocol.hpp"
#include "ventilator/rules/blocks.hpp"
#include "ventilator/rules/combinations.hpp"
#include "ventilator/rules/group.hpp"

namespace divvy::ventilator {

class Input {
 public:
  using Take = std::function<void(std::string_view text)>;

  Input() = default;
  Input(const Input&) = delete;
  Input& operator=(const Input&) = delete;
  virtual ~Input() = default;

  /// To be called when ready(). Hands some tasks to `take`, or none. Throws std::runtime_error if
  /// the input cannot be read, or has a task that is too long.
  virtual void read(const Take& take) = 0;
  [[nodiscard]] virtual bool ended() const = 0;
  /// Readable when read() would find something; nothing: it always does.
  [[nodiscard]] virtual std::optional<int> fd() const = 0;
  /// What the texts are.
  [[nodiscard]] virtual TextForm form() const { return TextForm::line; }
  /// A text of that form, which names the columns; known when there are tasks. Empty: none has one.
  [[nodiscard]] virtual std::string_view header() const { return {}; }
  /// What the user should know when it has ended; empty if there is nothing.
  [[nodiscard]] virtual std::string remark() const { return {}; }
  /// Whether the user was asked to press Enter, and has not yet.
  [[nodiscard]] virtual bool waits_for_user() const { return false; }
  /// Whether read() would find something now.
  [[nodiscard]] bool ready() const;
};

/// What is said of a task that is longer than --max-task allows.
std::string too_long(std::size_t max_bytes);

struct LineRules {
  char delimiter = '\n';
  std::size_t max_bytes = 1 << 20;  // without the line's end, at most kMaxTextBytes
  bool header = false;              // the first line is none, and names the columns
};

/// One task a line (a carriage return before the line's end is not part of it, empty lines are
/// skipped), or with `delimiter` NUL one task a string, empty or not. The files, at least one, are
/// read one after the other, each beginning a new line; "-" is standard input. Throws
/// std::runtime_error if one of them cannot be read. No file is opened before its turn: there may
/// be more of them than descriptors.
std::unique_ptr<Input> open_lines(const std::vector<std::string>& paths, const LineRules& rules);

struct CsvRules {
  std::size_t max_bytes = LineRules{}.max_bytes;  // of a task, at most kMaxTextBytes
  bool header = false;                            // the first record is none, and names the columns
};

/// One task a record of RFC 4180, as words; empty lines are skipped. A byte order mark is not part
/// of a file. Otherwise as open_lines().
std::unique_ptr<Input> open_csv(const std::vector<std::string>& paths, const CsvRules& rules);

/// One task a combination of the lists' values, as words; of a single list each value as it is.
/// Reading throws std::runtime_error if a task is longer than `max_bytes`.
std::unique_ptr<Input> open_lists(std::vector<ValueList> lists, std::size_t max_bytes);

/// The tasks of `input`, which are lines, several in one, as words. A group waits until it is full.
std::unique_ptr<Input> in_groups(std::unique_ptr<Input> input, const Group::Limits& limits);

/// Of `values` in a group, as far as this system lets a command with them be started.
Group::Limits group_limits(std::uint64_t values);

struct Blocks {
  BlockRules rules{};
  bool workers_read_files = false;  // for they are on this machine
};

/// Pieces of the input, each a text of form `piece`. The files, at least one, are cut one after the
/// other; "-" is standard input. Where the workers read files themselves, of those that are regular
/// only the cuts are looked for. Of others the pieces bring their bytes, at most kMaxPieceBytes.
/// Throws as open_lines() does.
std::unique_ptr<Input> open_blocks(const std::vector<std::string>& paths, const Blocks& blocks);

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
