// Consecutive tasks at a worker, and what became of them.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "divvy/protocol.hpp"
#include "worker/rules/usage.hpp"

namespace divvy::worker {

/// How the texts of a batch's tasks are to be read.
struct TextFormat {
  TextForm form = TextForm::line;
  std::string header{};  // names the columns
};

/// Where tasks come from. Each ventilator of a worker knows it by another id, and two of them may
/// have a batch of the same name. A plain task came from the guide's ventilator, or one like it.
struct Origin {
  WorkerId worker{};
  BatchId batch{};  // of a plain one: none
  bool plain = false;

  friend bool operator==(const Origin&, const Origin&) = default;
};

/// Consecutive tasks of one attempt. A plain one is a single task that has no id.
class Chunk {
 public:
  Origin origin{};
  Range ids{.count = 0};
  std::uint32_t attempt = 1;
  std::uint32_t attempts = 1;
  std::shared_ptr<const TextFormat> format{};  // none: each is a line

  Chunk() = default;
  /// `texts`: packed, as many as ids.
  Chunk(Origin of, Range tasks, std::string texts)
      : origin(of), ids(tasks), packed_(std::move(texts)) {}
  static Chunk of_plain(WorkerId worker, std::string_view text);

  [[nodiscard]] std::uint64_t size() const { return ids.count; }
  [[nodiscard]] bool empty() const { return ids.count == 0; }
  /// Packed.
  [[nodiscard]] std::string_view texts() const { return std::string_view(packed_).substr(begin_); }
  /// Of the first one.
  [[nodiscard]] std::string_view text() const;
  /// Of the one task of a chunk of this form, whose text is the piece's name; nothing: what was
  /// sent for it is no piece, or is not needed any more.
  [[nodiscard]] std::optional<Piece> piece() const;
  void set_piece(std::string_view text);
  void forget_piece() { piece_.clear(); }
  [[nodiscard]] TextForm form() const { return format ? format->form : TextForm::line; }
  [[nodiscard]] std::string_view header() const {
    return format ? std::string_view(format->header) : std::string_view();
  }

  /// Whether these are the next ones, of the same batch and attempt.
  [[nodiscard]] bool is_followed_by(const Chunk& next) const;
  /// Adds tasks by which it is followed.
  void append(const Chunk& next);
  /// Removes the first tasks, at most `most`, and returns them.
  Chunk take_front(std::uint64_t most);

 private:
  std::string packed_;
  std::string piece_;      // as it was sent
  std::size_t begin_ = 0;  // of the first text that is left: taking many bit by bit moves nothing
};

/// How one task ended, or several that were run one after the other in a slot: these have all
/// succeeded, without a word on standard error.
struct EndedChunk {
  Chunk tasks{};
  std::uint32_t slot = 0;
  Outcome outcome = Outcome::slept;
  std::int32_t status = 0;
  Usage usage{};         // of all of them together
  std::string output{};  // of several tasks: packed, or empty
  std::string errors{};
  std::string reason{};
  bool killed = false;       // by its executor, which was told to
  std::int64_t started = 0;  // nanoseconds since 1970, UTC
  /// Nanoseconds that each task took. The clock of `started` may be set meanwhile, so they were
  /// measured with another one.
  std::vector<std::uint64_t> took{};
};

}  // namespace divvy::worker
