#include "sink/attempt_log.hpp"

#include <gtest/gtest.h>

#include <string>

namespace divvy::sink {
namespace {

std::string line(std::string_view text, std::string_view worker = "lab:7") {
  const Result result{.ids = {12, 1},
                      .attempt = 2,
                      .slot = 3,
                      .outcome = Outcome::timed_out,
                      .status = 15,
                      .cpu = 1'250'000'000,
                      .max_rss = 4096};
  const std::int64_t started = 1'700'000'000'000'001'999;
  return attempt_line(worker, result,
                      {.id = 12, .text = text, .started = started, .ended = started + 5'000'000});
}

TEST(AttemptLog, HasAColumnForEachField) {
  EXPECT_EQ(line("a b"),
            "12\t2\tlab:7\t3\t1700000000.000001\t0.005000\t1.250000\t4096\ttimed out\t15\ta b\n");
}

TEST(AttemptLog, HasNoOtherTabsAndNewlinesThanItsOwn) {
  EXPECT_TRUE(line("a\tb\nc\\d\x1b\x7f\r").ends_with("\ta\\tb\\nc\\\\d\\x1b\\x7f\\x0d\n"));
  EXPECT_NE(line("a", "x\ty").find("\tx\\ty\t"), std::string::npos);
  EXPECT_TRUE(line(std::string_view("\0", 1)).ends_with("\t\\x00\n"));
}

TEST(AttemptLog, LeavesAllOtherBytesAsTheyAre) {
  EXPECT_TRUE(line("caf\xc3\xa9 \xff").ends_with("\tcaf\xc3\xa9 \xff\n"));
}

}  // namespace
}  // namespace divvy::sink
