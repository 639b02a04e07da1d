#include "ventilator/rules/backlog.hpp"

#include <algorithm>

namespace divvy::ventilator {
namespace {

constexpr std::size_t kChunkTasks = 4096;
constexpr std::size_t kChunkBytes = 1 << 16;

}  // namespace

void Backlog::append(std::string_view text) {
  ++last_;
  const bool full = chunks_.empty() || chunks_.back().starts.size() >= kChunkTasks ||
                    chunks_.back().packed.size() >= kChunkBytes;
  if (full) chunks_.push_back({.first = last_});
  Chunk& chunk = chunks_.back();
  chunk.starts.push_back(static_cast<std::uint32_t>(chunk.packed.size()));
  append_text(chunk.packed, text);
  ++chunk.live;
  ++tasks_;
  bytes_ += chunk.packed.size() - chunk.starts.back();
}

Backlog::Slice Backlog::slice(Range ids) const {
  const Chunk& chunk = chunks_[chunk_of(ids.first)];
  const std::size_t from = ids.first - chunk.first;
  const std::size_t count = std::min<std::uint64_t>(ids.count, chunk.starts.size() - from);
  const std::size_t begin = chunk.starts[from];
  const bool to_the_end = from + count == chunk.starts.size();
  const std::size_t end = to_the_end ? chunk.packed.size() : chunk.starts[from + count];
  return {{ids.first, count}, std::string_view(chunk.packed).substr(begin, end - begin)};
}

void Backlog::retire(Range ids) {
  if (chunks_.empty()) return;
  const TaskId end = std::min(ids.end(), last_ + 1);
  TaskId id = std::max(ids.first, chunks_.front().first);
  while (id < end) {
    Chunk& chunk = chunks_[chunk_of(id)];
    const std::uint64_t count = std::min(end, chunk.ids().end()) - id;
    id += count;
    chunk.live -= count;
    tasks_ -= count;
    if (chunk.live > 0) continue;
    bytes_ -= chunk.packed.size();
    chunk.packed = {};
  }
  // The last chunk stays: its ids tell where the next one begins.
  while (chunks_.size() > 1 && chunks_.front().live == 0) chunks_.pop_front();
}

std::size_t Backlog::chunk_of(TaskId id) const {
  const auto after =
      std::upper_bound(chunks_.begin(), chunks_.end(), id,
                       [](TaskId wanted, const Chunk& chunk) { return wanted < chunk.first; });
  return static_cast<std::size_t>(after - chunks_.begin()) - 1;
}

}  // namespace divvy::ventilator
