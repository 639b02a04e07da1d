// Functions whose cost is known, as workers: what divvy adds to them is what the benchmark shows.
//   functions echo ADDRESS           returns its task, as a line
//   functions busy ADDRESS SLOTS     computes for a millisecond
//   functions busy-alone COUNT THREADS    the same so many times, without divvy
#include <atomic>
#include <cstdio>
#include <ctime>
#include <divvy/worker.hpp>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

std::string echo(std::string_view task) { return std::string(task) + "\n"; }

long cpu_time() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return time.tv_sec * 1'000'000'000L + time.tv_nsec;
}

// A millisecond of this thread's own, however many others there are.
std::string busy(std::string_view task) {
  const long end = cpu_time() + 1'000'000;
  while (cpu_time() < end) {
  }
  return echo(task);
}

void busy_alone(int count, int threads) {
  std::atomic<int> left = count;
  std::vector<std::jthread> all;
  all.reserve(static_cast<std::size_t>(threads));
  for (int i = 0; i < threads; ++i) {
    all.emplace_back([&left] {
      while (left-- > 0) busy("");
    });
  }
}

}  // namespace

int main(int argc, char** argv) try {
  const std::string function = argc > 1 ? argv[1] : "";
  const std::string rest = argc == 4 ? argv[3] : "1";
  if (argc == 3 && function == "echo") {
    divvy::serve(divvy::endpoints_at(argv[2]), echo);
  } else if (argc == 4 && function == "busy") {
    const auto slots = static_cast<std::uint32_t>(std::stoul(rest));
    divvy::serve(divvy::endpoints_at(argv[2]), busy, {.slots = slots});
  } else if (argc == 4 && function == "busy-alone") {
    busy_alone(std::stoi(argv[2]), std::stoi(rest));
  } else {
    throw std::invalid_argument("name a function and its arguments");
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "functions: %s\n", error.what());
  return 1;
}
