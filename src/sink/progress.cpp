#include "sink/progress.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <string_view>
#include <vector>

#include "common/plural.hpp"
#include "common/standard_streams.hpp"
#include "sink/duration_text.hpp"

namespace divvy::sink {
namespace {

using namespace std::chrono;
using namespace std::chrono_literals;

constexpr auto kDrawEvery = 200ms;
constexpr auto kTellEvery = 30s;
constexpr std::size_t kSmallestBar = 12;
constexpr std::size_t kLargestBar = 42;
// The last task is named when it has run for so long, or one of a few.
constexpr auto kWorthNaming = 2s;
constexpr std::uint64_t kFew = 3;

struct Piece {
  int weight;  // the lightest goes first when there is no room
  std::string text;
  bool alarming = false;
};

std::string rate(const Figures& figures) {
  const double seconds = std::max(1e-3, figures.elapsed.count());
  const double each = static_cast<double>(figures.all.tasks) / seconds;
  if (each >= 10) return fmt::format("{:.0f}/s", each);
  if (each >= 1) return fmt::format("{:.1f}/s", each);
  return fmt::format("{:.1f}/min", each * 60);
}

// Nothing is pending any more, and who looks asks what it is that takes so long.
bool is_waiting_for_few(const Figures& figures) {
  const std::uint64_t left = figures.known_tasks() - figures.recorded;
  const bool ends = figures.counted && !figures.stopping && left <= figures.busy_slots;
  if (!ends || figures.oldest == 0 || figures.oldest_age < kWorthNaming) return false;
  return left <= kFew || figures.oldest_age > 2 * figures.all.mean();
}

std::vector<Piece> pieces(const Figures& figures) {
  std::vector<Piece> list;
  list.push_back({9, fmt::format("{}/{}{}", figures.recorded, figures.known_tasks(),
                                 figures.counted ? "" : "+")});
  if (figures.all.tasks > 0) list.push_back({2, rate(figures)});
  if (figures.failed > 0) list.push_back({8, fmt::format("{} failed", figures.failed), true});
  if (figures.retried > 0) list.push_back({6, fmt::format("{} retried", figures.retried)});
  list.push_back({4, fmt::format("{} running", figures.busy_slots)});
  // Of several batches a worker may be there for each.
  if (figures.batches > 1) {
    list.push_back({3, fmt::format("{} batches", figures.batches)});
  } else {
    list.push_back({1, plural(figures.workers_there, "worker")});
  }
  list.push_back({5, clock_text(figures.elapsed)});
  if (figures.stopping) {
    list.push_back({7, fmt::format("stopping, {} left", figures.busy_slots)});
  } else if (figures.time_left) {
    list.push_back({7, "ETA " + clock_text(ceil<seconds>(*figures.time_left))});
  }
  if (is_waiting_for_few(figures)) {
    list.push_back(
        {3, fmt::format("task {} since {}", figures.oldest, clock_text(figures.oldest_age))});
  }
  return list;
}

std::size_t width_of(const std::vector<Piece>& list) {
  std::size_t width = 0;
  for (const Piece& piece : list) width += piece.text.size() + 2;
  return width - 2;
}

std::string bar(const Figures& figures, std::size_t width) {
  const std::size_t inside = std::min(width, kLargestBar) - 2;
  const double done =
      static_cast<double>(figures.recorded) / static_cast<double>(figures.known_tasks());
  const auto filled =
      std::min(inside, static_cast<std::size_t>(done * static_cast<double>(inside)));
  const bool whole = filled == inside;
  return fmt::format("[{}{}{}]", std::string(filled, '='), whole ? "" : ">",
                     std::string(whole ? 0 : inside - filled - 1, ' '));
}

std::size_t terminal_width() {
  winsize size{};
  if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 80;
  return size.ws_col;
}

// https://no-color.org: set and not empty
bool colour_wanted() {
  const char* const without = std::getenv("NO_COLOR");
  return without == nullptr || *without == '\0';
}

bool can_redraw() {
  const char* const kind = std::getenv("TERM");
  return ::isatty(STDERR_FILENO) != 0 && kind != nullptr && std::string_view(kind) != "dumb";
}

}  // namespace

std::string progress_line(const Figures& figures, std::size_t width, bool colour) {
  std::vector<Piece> list = pieces(figures);
  while (list.size() > 1 && width_of(list) > width) {
    list.erase(std::min_element(list.begin(), list.end(), [](const Piece& a, const Piece& b) {
      return a.weight < b.weight;
    }));
  }
  const std::size_t rest = width - std::min(width, width_of(list) + 2);
  const bool has_bar = figures.counted && figures.tasks > 0 && rest >= kSmallestBar;
  std::string line;
  for (const Piece& piece : list) {
    if (!line.empty()) line += "  ";
    line += piece.alarming && colour ? "\x1b[31m" + piece.text + "\x1b[0m" : piece.text;
    if (has_bar && &piece == list.data()) line += "  " + bar(figures, rest);
  }
  return list.size() == 1 ? line.substr(0, width) : line;
}

Progress::Progress(bool quiet) : quiet_(quiet), terminal_(can_redraw()), colour_(colour_wanted()) {}

void Progress::start(Time now) {
  if (!quiet_) due_ = now + (terminal_ ? Time::duration(kDrawEvery) : Time::duration(kTellEvery));
}

bool Progress::due(Time now) const { return due_ && (now >= *due_ || line_ == Line::cleared); }

void Progress::show(const Figures& figures, Time now) {
  start(now);
  if (terminal_) return draw(figures);
  tell_user(fmt::format("sink: {}\n", progress_line(figures, 200, false)));
}

// In one write, so that nobody's line comes between.
void Progress::draw(const Figures& figures) {
  const std::string line = progress_line(figures, terminal_width() - 1, colour_);
  tell_user(line + "\x1b[K\r");
  line_ = Line::drawn;
}

void Progress::clear() {
  if (line_ != Line::drawn) return;
  tell_user("\x1b[K");
  line_ = Line::cleared;
}

void Progress::stop() {
  clear();
  line_ = Line::none;
  due_.reset();
}

}  // namespace divvy::sink
