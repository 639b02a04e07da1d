// How far the batch is: one line that is redrawn on the terminal.
#pragma once

#include <optional>
#include <string>

#include "common/time.hpp"
#include "sink/rules/figures.hpp"

namespace divvy::sink {

/// The line without a newline, at most `width` columns wide: what matters least is left out first.
std::string progress_line(const Figures& figures, std::size_t width, bool colour);

/// On a terminal the line is drawn again and again below what is printed; the cursor rests at its
/// beginning, so whoever prints next erases to the end of the line first. Elsewhere it becomes a
/// notice every 30 s.
class Progress {
 public:
  explicit Progress(bool quiet);

  /// Begins to show progress; the first line is due after one interval.
  void start(Time now);
  /// Draws the line if it is time to, or if it was cleared.
  void show(const Figures& figures, Time now);
  /// To be called before anything is printed.
  void clear();
  /// The batch is over.
  void stop();
  /// When to show again.
  [[nodiscard]] std::optional<Time> deadline() const { return due_; }

 private:
  void draw(const Figures& figures);

  bool quiet_;
  bool terminal_;
  bool colour_;
  enum class Line { none, drawn, cleared };
  Line line_ = Line::none;
  std::optional<Time> due_;  // none: no batch, or nothing to be said
};

}  // namespace divvy::sink
