// A filter: a process that answers each line of its input with a line.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "common/descriptor.hpp"
#include "common/time.hpp"
#include "worker/child_process.hpp"
#include "worker/process.hpp"
#include "worker/rules/command.hpp"
#include "worker/rules/filter_window.hpp"
#include "worker/watchdog.hpp"

namespace divvy::worker {

/// Never waits itself.
class Filter {
 public:
  struct Settings {
    Command command;
    std::string worker{};                                // for DIVVY_WORKER
    char delimiter = '\n';                               // behind lines and answers
    std::optional<std::chrono::milliseconds> timeout{};  // for each line
    std::size_t max_output = 0;                          // bytes of an answer, or of errors
    std::optional<int> nice{};                           // nothing: as this process
  };
  /// What a descriptor is, in the lowest bits of what epoll hands back.
  enum Role : unsigned { kInput, kOutput, kErrors, kProcess };
  static constexpr unsigned kRoleBits = 2;
  /// Where it is started.
  struct Place {
    std::uint32_t slot = 1;
    int epoll = -1;         // watches its descriptors
    std::uint64_t key = 0;  // in the other bits
    bool alone = true;      // no other filter is there that could end and make room
  };

  /// Throws Shortage, or std::runtime_error with a line for people.
  Filter(const Settings& settings, const Inheritance& inheritance, Watchdog& watchdog,
         const Place& place);
  /// Kills it if it still runs.
  ~Filter();
  Filter(const Filter&) = delete;
  Filter& operator=(const Filter&) = delete;

  /// A window of lines. It is over when all are answered and the filter has turned to its next
  /// line. `ends_input`: behind them, for it answers only then, and ends.
  void begin(Input input, bool ends_input, Time now);
  /// A descriptor is ready.
  void ready(Role role, Time now);

  enum class Progress {
    waits,  // for answers, or for the quiet moment after them
    over,
    too_many,   // answers
    ended,      // the filter
    closed,     // its input or output, though it runs
    timed_out,  // at a line
    too_long,   // an answer, or what it has printed on standard error
  };
  Progress progress(Time now);
  /// It has no window any more, and answers nothing until the next one.
  void rest(Time now);

  /// It has no input any more, and is to end by itself.
  [[nodiscard]] bool ends_input() const { return ends_input_; }
  /// That is because it did not answer before.
  [[nodiscard]] bool held_back() const { return held_back_; }
  [[nodiscard]] const Answers& answers() const { return answers_; }
  /// What it has printed on standard error since the last call.
  std::string take_errors();
  [[nodiscard]] bool has_errors() const { return !errors_text_.empty(); }
  /// How many answers there were before it printed on standard error.
  [[nodiscard]] std::uint64_t answers_before_errors() const { return answers_before_errors_; }
  /// It takes or answers no more.
  [[nodiscard]] bool is_closed() const { return closed_at_.has_value(); }
  /// It has taken all lines.
  [[nodiscard]] bool took_all() const { return !input_.open() || bytes_taken() == text_.size(); }
  /// Whether it has ended without taking a byte of this window, having answered others.
  [[nodiscard]] bool was_gone() const;
  /// Once every some seconds: it has taken all lines and answers none, or has not begun to for
  /// long.
  bool seems_stuck(Time now);

  /// It is to end, or to end at once, with its group.
  void ask_to_end() { child_.end.ask(); }
  void kill() { child_.end.kill(); }
  void close_input() { input_ = {}; }
  /// Nobody will look at what it says from now on.
  void drop();
  /// Sends the signal that is due.
  void advance(Time now);
  [[nodiscard]] bool ending() const { return child_.end.ending(); }
  [[nodiscard]] bool has_ended() const { return !child_.process.open(); }
  /// Whether nothing is left of it that has to end.
  [[nodiscard]] bool over(Time now);
  /// How it ended.
  [[nodiscard]] const ExitStatus& status() const { return child_.status; }
  void signal(int number) const { child_.signal_group(number); }
  [[nodiscard]] pid_t pid() const { return child_.pid; }

  [[nodiscard]] std::optional<Time> deadline() const;

 private:
  void start(const Inheritance& inheritance, const Place& place);
  void write_on(Time now);
  void read_answers(Time now);
  void read_errors();
  void note_end(Time now);
  void note_closed(Time now);
  [[nodiscard]] Progress progress_without_answer(Time now);
  bool is_quiet(Time now);
  bool holds_back(Time now);
  [[nodiscard]] bool is_starting(Time now) const;
  [[nodiscard]] std::optional<Time> times_out_at() const;
  [[nodiscard]] std::size_t bytes_taken() const;
  [[nodiscard]] bool is_too_long() const;

  const Settings& settings_;
  Watchdog& watchdog_;
  ChildProcess child_;
  Descriptor input_;
  Descriptor output_;
  Descriptor errors_;

  std::string text_;  // of the window
  std::size_t written_ = 0;
  Answers answers_;
  std::string errors_text_;
  std::uint64_t answers_before_errors_ = 0;
  std::string input_name_;
  Time quiet_at_{};  // not before that
  Time::duration quiet_pause_{};
  Time stuck_at_{};
  std::optional<Time> closed_at_;
  bool ends_input_ = false;
  bool held_back_ = false;
  Time look_at_{};
  std::optional<Time> waits_since_;  // for input: since this answer, when it was looked at last
  Time begun_{};                     // the window
  Time started_{};                   // until then the filter had not taken its first line
  bool has_window_ = false;
  bool proven_ = false;  // a window was over
};

}  // namespace divvy::worker
