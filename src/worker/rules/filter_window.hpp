// The lines that a filter has at once, and its answers.
//
// Answers carry no number: the first line that a filter prints is the answer to the first line that
// it was given. If it leaves one out, or prints one too many, all that follow are another line's.
// So it is given a window of lines, and no more until that is over: as many answers as lines have
// come, and no more. Only then they count. Otherwise something is wrong with some line of the
// window, and all of them are run again, in smaller windows, and at last the one line by itself.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/time.hpp"
#include "worker/rules/chunk.hpp"

namespace divvy::worker {

/// How many lines the next window has: more as long as all goes well.
class WindowSize {
 public:
  /// What is under way cannot be given to others.
  static constexpr std::chrono::milliseconds kLongest{20};
  /// Where a filter is started for each window, which takes a while.
  static constexpr std::chrono::milliseconds kLongestToEnd{500};
  static constexpr std::uint64_t kMostLines = 1 << 14;

  [[nodiscard]] std::uint64_t lines(std::chrono::milliseconds longest = kLongest) const;

  /// `took`: all of them. With `errors` the single line has printed on standard error: those
  /// behind it may, too, and of several nobody would know whose it is.
  void went_well(std::uint64_t lines, Time::duration took, bool errors);
  /// After so many answers, as far as that is known.
  void went_wrong(std::uint64_t lines, std::uint64_t answers);
  /// It has answered a line with none or with several: in a larger window one would make up for the
  /// other.
  void stay_at_one() { always_one_ = true; }

 private:
  bool always_one_ = false;
  std::uint64_t lines_ = 1;
  std::optional<double> mean_;  // nanoseconds that a line takes, lately
  bool then_one_ = false;       // the next window but one has the line that is suspected
  bool mistaken_ = false;       // it was another one
};

/// The first lines of a chunk as they are written to a filter.
struct Input {
  std::uint64_t lines = 0;
  std::string text{};  // each with the delimiter behind it
};

/// At most `most` lines, and only one if it is long; none if the first one holds the delimiter.
Input input_of(const Chunk& tasks, std::uint64_t most, char delimiter);

/// Cuts what a filter prints into answers, each with its delimiter.
class Answers {
 public:
  explicit Answers(char delimiter) : delimiter_(delimiter) {}

  /// From now on there are answers to so many lines; what there was is forgotten.
  void expect(std::uint64_t lines, Time now);
  /// What the filter has printed since the last call.
  void add(std::string_view printed, Time now);
  /// It prints no more: what has no delimiter behind it is an answer, too.
  void finish(Time now);

  /// Whole ones.
  [[nodiscard]] std::uint64_t count() const { return count_; }
  [[nodiscard]] bool all() const { return count_ == lines_; }
  /// It has printed more than that.
  [[nodiscard]] bool too_many() const { return too_many_; }
  /// Since when it is the next line's turn: the last answer, or the beginning.
  [[nodiscard]] Time since() const { return since_; }
  /// Nanoseconds that each answer took. Those that have come at once took equally long, but that
  /// only the first one was waited for.
  [[nodiscard]] const std::vector<std::uint64_t>& took() const { return took_; }
  /// Packed.
  [[nodiscard]] const std::string& packed() const { return packed_; }
  /// Bytes of the longest one, whole or not.
  [[nodiscard]] std::size_t longest() const { return std::max(longest_, begun().size()); }
  /// What has come of the answer that is not whole, or of the first one.
  [[nodiscard]] std::string_view begun() const;
  [[nodiscard]] std::string_view first() const;

 private:
  void add_piece(std::string_view piece);
  void close();
  void share_time(std::uint64_t before, Time now);

  char delimiter_;
  std::uint64_t lines_ = 0;
  std::uint64_t count_ = 0;
  bool too_many_ = false;
  std::size_t longest_ = 0;
  bool open_ = false;   // an answer is not whole
  std::size_t at_ = 0;  // of the last answer, with its length in front
  std::string packed_;
  std::vector<std::uint64_t> took_;
  Time since_{};
};

}  // namespace divvy::worker
