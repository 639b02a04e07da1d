#include "common/memory_trim.hpp"

#include <malloc.h>

#include <chrono>

namespace divvy {
namespace {

using namespace std::chrono_literals;

// How many connections have closed until memory is given back, and then how often.
constexpr std::size_t kTrimAfter = 1000;
constexpr auto kTrimEvery = 500ms;
// To free what a connection has brought may take seconds, in which nothing else is done.
constexpr auto kTrimFor = 60s;

}  // namespace

MemoryTrim& MemoryTrim::of_process() {
  static MemoryTrim trim;
  return trim;
}

void MemoryTrim::closed(bool laden) { closed_ += laden ? kTrimAfter : 1; }

bool MemoryTrim::update(Time now) {
  if (closed_ >= kTrimAfter) {
    closed_ = 0;
    until_ = now + kTrimFor;
  }
  if (now >= until_) return false;
  if (now >= next_) {
    ::malloc_trim(0);
    next_ = now + kTrimEvery;
  }
  return true;
}

}  // namespace divvy
