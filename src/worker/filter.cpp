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

using namespace std::chrono_literals;

// After the last answer nothing else may come. Where it cannot be seen that a filter has turned to
// its next line, it has that long to print it, and where it does something else that long at most.
constexpr auto kQuiet = 50ms;
constexpr auto kQuietAtMost = 5s;
// It is looked at soon, and then less and less often.
constexpr auto kFirstLook = 200us;
constexpr auto kLastLook = 20ms;
// A process that ends closes its descriptors a little earlier.
constexpr auto kClosedBeforeEnd = 1s;
constexpr auto kSeemsStuck = 5s;
// How often a filter that does not answer is looked at.
constexpr auto kLookAtSilentEvery = 50ms;
// For so long a filter may prepare itself, as by loading a model, before it takes its first line.
constexpr auto kMayStart = 30s;
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

void Filter::begin(Input input, bool ends_input, Time now) {
  answers_.expect(input.lines, now);
  text_ = std::move(input.text);
  written_ = 0;
  answers_before_errors_ = 0;
  quiet_at_ = {};
  quiet_pause_ = kFirstLook;
  ends_input_ = ends_input;
  look_at_ = now + kLookAtSilentEvery;
  begun_ = now;
  stuck_at_ = now + kSeemsStuck;
  has_window_ = true;
  write_on(now);
}

void Filter::drop() {
  input_ = {};
  output_ = {};
  errors_ = {};
}

void Filter::rest(Time now) {
  answers_.expect(0, now);
  proven_ = true;
  has_window_ = false;
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

// An answer to a line that is still in the pipe is none: it was printed for nothing, or for an
// earlier one.
Filter::Progress Filter::progress(Time now) {
  if (is_too_long()) return Progress::too_long;
  if (answers_.too_many()) return Progress::too_many;
  const bool succeeded = child_.status.exited && child_.status.number == 0;
  if (has_ended()) {
    if (!answers_.all() || !succeeded) return Progress::ended;
    return took_all() ? Progress::over : Progress::too_many;
  }
  if (answers_.all()) {
    if (ends_input_)
      return now < answers_.since() + kClosedBeforeEnd ? Progress::waits : Progress::over;
    if (!took_all()) return Progress::too_many;
    if (!is_quiet(now)) return Progress::waits;
    // It has printed this before the last answer, which may have been read first.
    read_errors();
    return is_too_long() ? Progress::too_long : Progress::over;
  }
  if (is_starting(now)) started_ = now;
  return progress_without_answer(now);
}

// What it has just printed may not be read yet.
Filter::Progress Filter::progress_without_answer(Time now) {
  const std::uint64_t before = answers_.count();
  const auto is_late = [&](auto time) {
    if (!time || now < *time) return false;
    read_answers(now);
    return answers_.count() == before;
  };
  if (is_late(times_out_at())) return Progress::timed_out;
  if (closed_at_ && is_late(std::optional(*closed_at_ + kClosedBeforeEnd))) return Progress::closed;
  if (!ends_input_ && holds_back(now)) {
    ends_input_ = held_back_ = true;
    close_input();
  }
  return Progress::waits;
}

// It has taken all lines, waits for more, and does nothing else. So it keeps answers back until
// something else comes, or has left a line out. Twice, for it may just have taken them.
bool Filter::holds_back(Time now) {
  if (now < look_at_) return false;
  look_at_ = now + kLookAtSilentEvery;
  const bool waits = took_all() && is_alone(child_.pid) &&
                     activity_of(child_.pid, input_name_) == Activity::reads_input;
  read_answers(now);
  const auto before =
      std::exchange(waits_since_, waits ? std::optional(answers_.since()) : std::nullopt);
  return waits && before == answers_.since();
}

bool Filter::is_starting(Time now) const {
  return settings_.timeout && !proven_ && now < begun_ + kMayStart && bytes_taken() == 0;
}

std::optional<Time> Filter::times_out_at() const {
  if (!settings_.timeout) return {};
  return std::max(answers_.since(), started_) + *settings_.timeout;
}

// An answer too many is printed before the filter turns to its next line.
bool Filter::is_quiet(Time now) {
  if (now < quiet_at_) return false;
  const Activity activity = activity_of(child_.pid, input_name_);
  if (activity == Activity::reads_input) {
    read_answers(now);
    return !answers_.too_many();
  }
  const auto limit = activity == Activity::unknown ? Time::duration(kQuiet) : kQuietAtMost;
  quiet_at_ =
      now + std::exchange(quiet_pause_, std::min<Time::duration>(2 * quiet_pause_, kLastLook));
  return now >= answers_.since() + limit;
}

std::string Filter::take_errors() { return std::exchange(errors_text_, {}); }

bool Filter::was_gone() const {
  return (has_ended() || is_closed()) && proven_ && answers_.count() == 0 && bytes_taken() == 0;
}

bool Filter::seems_stuck(Time now) {
  stuck_at_ = std::max(stuck_at_, answers_.since() + kSeemsStuck);
  if (now < stuck_at_ || answers_.all()) return false;
  stuck_at_ = now + kSeemsStuck;
  return took_all() || now >= begun_ + kMayStart;
}

void Filter::advance(Time now) {
  if (const int due = child_.end.signal(now); due != 0) signal(due);
}

bool Filter::over(Time now) {
  return child_.end.over(now, false, [this] { return child_.group_left(); }) ||
         (has_ended() && !ending());
}

std::optional<Time> Filter::deadline() const {
  if (ending()) return child_.end.deadline();
  if (!has_window_) return {};
  if (answers_.all()) return ends_input_ ? answers_.since() + kClosedBeforeEnd : quiet_at_;
  std::optional<Time> first = earlier(stuck_at_, times_out_at());
  if (!ends_input_) first = earlier(first, look_at_);
  if (closed_at_) first = earlier(first, *closed_at_ + kClosedBeforeEnd);
  return first;
}

}  // namespace divvy::worker
