#include "common/log.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace divvy {
namespace {

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

class LogTest : public testing::Test {
 protected:
  LogTest() { testing::internal::CaptureStderr(); }

  /// What was written so far.
  static std::string told() {
    std::string text = testing::internal::GetCapturedStderr();
    testing::internal::CaptureStderr();
    return text;
  }
  ~LogTest() override { testing::internal::GetCapturedStderr(); }

  Log log{"program", {}};
};

TEST_F(LogTest, WhatMayBeWrongOftenIsToldOnceAMinute) {
  log.warn_rate_limited("a sink", "no sink");
  log.warn_rate_limited("a sink", "no sink");
  log.warn_rate_limited("a ventilator", "no ventilator");
  EXPECT_EQ(told(), "program: no sink\nprogram: no ventilator\n");
}

TEST_F(LogTest, OfAThousandOfAKindTenAreNamedAndThatThereAreMore) {
  for (int i = 1; i <= 1000; ++i) {
    const std::string name = fmt::format("w{}", i);
    for (int again = 0; again < 2; ++again)
      log.warn_of_each("lost workers", name, name + " is lost");
  }
  const std::string text = told();
  EXPECT_EQ(lines(text), 11);
  EXPECT_TRUE(text.starts_with("program: w1 is lost\nprogram: w2 is lost\n"));
  EXPECT_TRUE(text.ends_with("program: w10 is lost\nprogram: there are more lost workers\n"));
}

TEST_F(LogTest, ACrowdOfOneKindLeavesRoomForOthers) {
  for (int i = 1; i <= 5000; ++i) log.warn_of_each("lost workers", std::to_string(i), "lost");
  told();
  log.warn_of_each("idle workers", "w1", "idle");
  log.warn_rate_limited("a sink", "no sink");
  EXPECT_EQ(told(), "program: idle\nprogram: no sink\n");
}

}  // namespace
}  // namespace divvy
