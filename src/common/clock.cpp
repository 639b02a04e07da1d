#include "common/clock.hpp"

#include <csignal>

namespace divvy {
namespace {

using std::chrono::nanoseconds;

nanoseconds paused{0};

nanoseconds steady() { return std::chrono::steady_clock::now().time_since_epoch(); }

}  // namespace

Time now() { return Time(steady() - paused); }

std::int64_t now_utc() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<nanoseconds>(since_1970).count();
}

void pause_process() {
  const nanoseconds before = steady();
  ::raise(SIGSTOP);
  paused += steady() - before;
}

std::int64_t monotonic(Time time) { return (time.time_since_epoch() + paused).count(); }

}  // namespace divvy
