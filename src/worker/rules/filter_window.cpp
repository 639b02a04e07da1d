#include "worker/rules/filter_window.hpp"

#include <algorithm>
#include <cstring>

#include "common/smoothed.hpp"

namespace divvy::worker {
namespace {

// How much the latest window counts in the mean.
constexpr double kLatestWindow = 0.5;
// Within so long whoever waits for an answer sees it. What has come with it came in that time.
constexpr std::chrono::nanoseconds kBurst = std::chrono::milliseconds(2);
constexpr std::size_t kMostBytes = 256 << 10;
constexpr std::size_t kLengthBytes = sizeof(std::uint32_t);

}  // namespace

std::uint64_t WindowSize::lines(std::chrono::milliseconds longest) const {
  if (always_one_) return 1;
  if (!mean_) return lines_;
  const auto nanoseconds = static_cast<double>(std::chrono::nanoseconds(longest).count());
  const double in_time = std::clamp(nanoseconds / *mean_, 1.0, static_cast<double>(kMostLines));
  return std::min(lines_, static_cast<std::uint64_t>(in_time));
}

void WindowSize::went_well(std::uint64_t lines, Time::duration took, bool errors) {
  const double each = std::max(1.0, static_cast<double>(took.count()) / static_cast<double>(lines));
  mean_ = smoothed(mean_, each, kLatestWindow);
  mistaken_ = false;
  if (then_one_) {
    then_one_ = false;
    lines_ = 1;
  } else if (!errors) {
    lines_ = std::min(std::max(lines_, 2 * lines), kMostLines);
  }
}

// A filter that ends, or hangs, does so at the line that it has not answered: those before are run
// without it, then it alone. If that was not it, it is looked for in halves.
void WindowSize::went_wrong(std::uint64_t lines, std::uint64_t answers) {
  const bool single = lines == 1;
  const std::uint64_t most = std::max<std::uint64_t>(lines - 1, 1);
  lines_ = mistaken_ ? std::max<std::uint64_t>(lines / 2, 1)
                     : std::clamp<std::uint64_t>(answers, 1, most);
  then_one_ = !single && !mistaken_ && answers > 0;
  mistaken_ = !single;
}

Input input_of(const Chunk& tasks, std::uint64_t most, char delimiter) {
  Input input;
  Reader reader{tasks.texts()};
  for (std::uint64_t i = 0; i < std::min(most, tasks.size()); ++i) {
    std::string_view text;
    reader(text);
    if (text.find(delimiter) != std::string_view::npos) break;
    if (i > 0 && input.text.size() + text.size() > kMostBytes) break;
    input.text.append(text);
    input.text.push_back(delimiter);
    ++input.lines;
  }
  return input;
}

void Answers::expect(std::uint64_t lines, Time now) {
  lines_ = lines;
  count_ = 0;
  longest_ = 0;
  too_many_ = open_ = false;
  packed_.clear();
  took_.clear();
  since_ = now;
}

void Answers::add(std::string_view printed, Time now) {
  const std::uint64_t before = count_;
  while (!printed.empty() && !too_many_) {
    if (all()) {
      too_many_ = true;
      break;
    }
    const auto end = printed.find(delimiter_);
    const bool whole = end != std::string_view::npos;
    const std::size_t size = whole ? end + 1 : printed.size();
    add_piece(printed.substr(0, size));
    if (whole) close();
    printed.remove_prefix(size);
  }
  share_time(before, now);
}

void Answers::finish(Time now) {
  if (!open_) return;
  const std::uint64_t before = count_;
  packed_.push_back(delimiter_);
  close();
  share_time(before, now);
}

void Answers::add_piece(std::string_view piece) {
  if (!open_) {
    at_ = packed_.size();
    packed_.append(kLengthBytes, '\0');
    open_ = true;
  }
  packed_.append(piece);
}

void Answers::close() {
  const auto size = static_cast<std::uint32_t>(packed_.size() - at_ - kLengthBytes);
  std::memcpy(packed_.data() + at_, &size, sizeof size);
  longest_ = std::max<std::size_t>(longest_, size);
  open_ = false;
  ++count_;
}

void Answers::share_time(std::uint64_t before, Time now) {
  if (count_ == before) return;
  const auto all = static_cast<std::uint64_t>((now - since_).count());
  const std::uint64_t burst = std::min(all, static_cast<std::uint64_t>(kBurst.count()));
  took_.resize(count_, burst / (count_ - before));
  took_[before] += all - burst;
  since_ = now;
}

std::string_view Answers::begun() const {
  return open_ ? std::string_view(packed_).substr(at_ + kLengthBytes) : std::string_view();
}

std::string_view Answers::first() const {
  Reader reader{packed_};
  std::string_view answer;
  reader(answer);
  return answer;
}

}  // namespace divvy::worker
