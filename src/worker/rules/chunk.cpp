#include "worker/rules/chunk.hpp"

#include <utility>

namespace divvy::worker {

Chunk Chunk::of_plain(WorkerId worker, std::string_view text) {
  Chunk chunk({.worker = worker, .plain = true}, {}, {});
  append_text(chunk.packed_, text);
  return chunk;
}

std::string_view Chunk::text() const {
  Reader reader{texts()};
  std::string_view first;
  reader(first);
  return first;
}

std::optional<Piece> Chunk::piece() const { return parse_piece(piece_); }

void Chunk::set_piece(std::string_view text) {
  const auto piece = parse_piece(text);
  packed_.clear();
  begin_ = 0;
  append_text(packed_, piece ? piece->name : "");
  piece_ = text;
}

bool Chunk::is_followed_by(const Chunk& next) const {
  return form() != TextForm::piece && origin == next.origin && ids.end() == next.ids.first &&
         attempt == next.attempt && attempts == next.attempts && !origin.plain;
}

void Chunk::append(const Chunk& next) {
  packed_ += next.texts();
  ids.count += next.ids.count;
}

Chunk Chunk::take_front(std::uint64_t most) {
  if (most >= ids.count) return std::exchange(*this, {});
  Reader reader{texts()};
  std::size_t bytes = 0;
  for (std::uint64_t i = 0; i < most; ++i) {
    std::string_view text;
    reader(text);
    bytes += sizeof(std::uint32_t) + text.size();
  }
  Chunk front(origin, {ids.first, most}, packed_.substr(begin_, bytes));
  front.attempt = attempt;
  front.attempts = attempts;
  front.format = format;
  begin_ += bytes;
  ids = {ids.first + most, ids.count - most};
  return front;
}

}  // namespace divvy::worker
