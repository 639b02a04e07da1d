// How far the batches are: one line that is redrawn on the terminal.
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
  /// Whether it is time to show it, or it was cleared.
  [[nodiscard]] bool due(Time now) const;
  void show(const Figures& figures, Time now);
  /// To be called before anything is printed.
  void clear();
  /// All batches are over.
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
  std::optional<Time> due_;  // none: no batch, or nothing is to be said
};

}  // namespace divvy::sink
