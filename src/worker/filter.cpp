#include "worker/filter.hpp"

#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string_view>
#include <utility>

#include "worker/pipe.hpp"
#include "worker/process_state.hpp"

namespace divvy::worker {
namespace {

// Of all answers of a window: all are kept until it is over. One alone may be longer.
constexpr std::size_t kMaxWindowOutput = 64 << 20;
// What is read at once, in blocks: a filter may print for ever.
constexpr int kMaxBlocks = 32;

using Block = std::array<char, 1 << 16>;

// How much there is; 0 at the end, negative: nothing yet.
ssize_t read_block(int fd, Block& block) {
  ssize_t size = -1;
  do size = ::read(fd, block.data(), block.size());
  while (size < 0 && errno == EINTR);
  return size < 0 && errno != EAGAIN ? 0 : size;
}

}  // namespace

Filter::Filter(const Settings& settings, const Inheritance& inheritance, Watchdog& watchdog,
               const Place& place)
    : settings_(settings), watchdog_(watchdog), answers_(settings.delimiter) {
  child_.group = &watchdog_.take();
  try {
    start(inheritance, place);
  } catch (...) {
    watchdog_.free(*child_.group);
    throw;
  }
}

// What a filter that ended by itself has left behind is left alone, as with commands.
Filter::~Filter() {
  if (!has_ended()) child_.signal_group(SIGKILL);
  watchdog_.free(*child_.group);
  child_.reap();
}

// Writing is watched for edges: it is of interest only after it was refused.
void Filter::start(const Inheritance& inheritance, const Place& place) {
  Pipe input(Pipe::Ours::write);
  Pipe output(Pipe::Ours::read);
  Pipe errors(Pipe::Ours::read);
  if (!place.alone) leave_reserve(errors.write.get(), inheritance);
  Process process =
      start_process({.words = settings_.command.with({.slot = place.slot}),
                     .environment = {fmt::format("DIVVY_SLOT={}", place.slot),
                                     fmt::format("DIVVY_WORKER={}", settings_.worker)},
                     .streams = {input.read.get(), output.write.get(), errors.write.get()},
                     .inheritance = inheritance,
                     .nice = settings_.nice,
                     .group = child_.group});
  child_.pid = process.id;
  child_.process = std::move(process.descriptor);
  input_ = std::move(input.write);
  input_name_ = file_name(input_.get());
  output_ = std::move(output.read);
  errors_ = std::move(errors.read);
  const std::uint64_t data = place.key << kRoleBits;
  watch(place.epoll, input_.get(), EPOLLOUT | EPOLLET, data | kInput);
  watch(place.epoll, output_.get(), EPOLLIN, data | kOutput);
  watch(place.epoll, errors_.get(), EPOLLIN, data | kErrors);
  watch(place.epoll, child_.process.get(), EPOLLIN, data | kProcess);
}

void Filter::drop() {
  input_ = {};
  output_ = {};
  errors_ = {};
}

void Filter::ready(Role role, Time now) {
  switch (role) {
    case kInput:
      return write_on(now);
    case kOutput:
      return read_answers(now);
    case kErrors:
      return read_errors();
    case kProcess:
      return note_end(now);
  }
}

// The descriptor stays open even if nobody reads: it tells how much was taken.
void Filter::write_on(Time now) {
  while (input_.open() && written_ < text_.size()) {
    const ssize_t size = ::write(input_.get(), text_.data() + written_, text_.size() - written_);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno != EAGAIN) note_closed(now);
    if (size < 0) return;
    written_ += static_cast<std::size_t>(size);
  }
  if (ends_input_ && written_ == text_.size()) close_input();
}

void Filter::read_answers(Time now) {
  Block block;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  for (int i = 0; i < kMaxBlocks && output_.open(); ++i) {
    const ssize_t size = read_block(output_.get(), block);
    if (size < 0) return;
    if (size == 0) {
      output_ = {};
      answers_.finish(now);
      return note_closed(now);
    }
    answers_.add({block.data(), static_cast<std::size_t>(size)}, now);
    if (answers_.too_many() || is_too_long()) output_ = {};  // enough to know
  }
}

void Filter::read_errors() {
  Block block;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  for (int i = 0; i < kMaxBlocks && errors_.open(); ++i) {
    const ssize_t size = read_block(errors_.get(), block);
    if (size < 0) return;
    if (size == 0) {
      errors_ = {};
      return;
    }
    if (errors_text_.empty()) answers_before_errors_ = answers_.count();
    errors_text_.append(block.data(), static_cast<std::size_t>(size));
    if (is_too_long()) errors_ = {};
  }
}

// All that it has printed is there by now.
void Filter::note_end(Time now) {
  read_answers(now);
  read_errors();
  answers_.finish(now);
  output_ = {};
  errors_ = {};
  child_.process = {};
  child_.end.leader_ended(now);
  child_.reap();
}

void Filter::note_closed(Time now) {
  if (!closed_at_) closed_at_ = now;
}

bool Filter::is_too_long() const {
  const std::size_t limit = settings_.max_output;
  return answers_.longest() > limit || errors_text_.size() > limit ||
         (answers_.count() > 1 && answers_.packed().size() > kMaxWindowOutput);
}

std::size_t Filter::bytes_taken() const {
  int unread = 0;
  if (input_.open()) ::ioctl(input_.get(), FIONREAD, &unread);
  return written_ - std::min(written_, static_cast<std::size_t>(unread));
}

std::string Filter::take_errors() { return std::exchange(errors_text_, {}); }

void Filter::advance(Time now) {
  if (const int due = child_.end.signal(now); due != 0) signal(due);
}

bool Filter::over(Time now) {
  return child_.end.over(now, false, [this] { return child_.group_left(); }) ||
         (has_ended() && !ending());
}

}  // namespace divvy::worker
