#include "worker/command_runner.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "common/clock.hpp"

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMuch = 1 << 20;  // the most that a pipe holds

bool becomes_true(const auto& holds) {
  for (const Time end = now() + 60s; now() < end; std::this_thread::sleep_for(10ms)) {
    if (holds()) return true;
  }
  return false;
}

TEST(CommandRunner, ReadsOnlyAPartAtOnceOfWhatIsPrintedWithoutAPause) {
  const auto filled = std::filesystem::path(testing::TempDir()) /
                      ("divvy-pipe-is-full-" + std::to_string(::getpid()));
  std::filesystem::remove(filled);
  // Makes its pipe as large as may be, fills it, and says so by a file.
  const std::string program =
      "import fcntl, os, sys\n"
      "fcntl.fcntl(1, 1031, 1 << 20)  # F_SETPIPE_SZ\n"
      "os.write(1, (b'x' * 1023 + b'\\n') * 1023)\n"
      "open(sys.argv[1], 'w').close()\n";
  CommandRunner runner(Command({"python3", "-c", program}, {}), {.max_output = 4 * kMuch});
  const std::string path = filled.string();
  ASSERT_FALSE(runner.start({.key = 1, .text = path, .id = 1, .slot = 1}, now()));
  ASSERT_TRUE(becomes_true([&] { return std::filesystem::exists(filled); }));

  std::vector<Ended> all = runner.ended(now());
  ASSERT_TRUE(all.empty());
  const auto all_keys = [](std::uint64_t) { return true; };
  std::size_t taken = 0;
  for (const PrintedLines& lines : runner.take_printed(all_keys, 4 * kMuch))
    taken += lines.lines.size();
  EXPECT_GT(taken, 0U);
  EXPECT_LT(taken, kMuch / 2);

  ASSERT_TRUE(becomes_true([&] {
    all = runner.ended(now());
    return !all.empty();
  }));
  EXPECT_EQ(all.at(0).output.size(), 1023U * 1024);
  std::filesystem::remove(filled);
}

}  // namespace
}  // namespace divvy::worker
