#include "common/workload.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <string_view>

namespace divvy {
namespace {

using namespace std::chrono_literals;

TEST(Workload, IsANumberOfMillisecondsMaybePaddedWithNulBytes) {
  EXPECT_EQ(parse_workload("0"), 0ms);
  EXPECT_EQ(parse_workload("100"), 100ms);
  EXPECT_EQ(parse_workload(std::string_view("7\0\0\0", 4)), 7ms);
}

TEST(Workload, IsNothingElse) {
  for (const char* text : {"", " ", "x", "1x", "-1", "+1", "1.5", " 1", "1 ", "99999999999"}) {
    EXPECT_FALSE(parse_workload(text)) << text;
  }
  EXPECT_FALSE(parse_workload(std::string_view("\0", 1)));
}

}  // namespace
}  // namespace divvy
