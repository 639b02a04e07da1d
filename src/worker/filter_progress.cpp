// How far a filter is with its window: whether it will answer more, and when it is not waited for.
#include <algorithm>
#include <utility>

#include "worker/filter.hpp"
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

}  // namespace

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

void Filter::rest(Time now) {
  answers_.expect(0, now);
  proven_ = true;
  has_window_ = false;
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

bool Filter::was_gone() const {
  return (has_ended() || is_closed()) && proven_ && answers_.count() == 0 && bytes_taken() == 0;
}

bool Filter::seems_stuck(Time now) {
  stuck_at_ = std::max(stuck_at_, answers_.since() + kSeemsStuck);
  if (now < stuck_at_ || answers_.all()) return false;
  stuck_at_ = now + kSeemsStuck;
  return took_all() || now >= begun_ + kMayStart;
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
