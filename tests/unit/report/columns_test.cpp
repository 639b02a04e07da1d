#include "report/columns.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace divvy::report {
namespace {

using namespace std::chrono_literals;

TEST(Column, OfDifferentValuesIsAnArray) {
  EXPECT_EQ(column({3, 1, 2}), Json::parse("[3, 1, 2]"));
  EXPECT_EQ(column({}), Json::array());
}

TEST(Column, OfOneValueAlmostEverywhereHasThatOnceAndTheOthers) {
  Numbers values(40, 7);
  values[5] = 1;
  values[9] = -2;
  EXPECT_EQ(column(values), Json::parse(R"({"most": 7, "at": [5, 4], "is": [1, -2]})"));
}

TEST(Column, OfOneValueThatIsNotTheUsualOneIsAnArray) {
  const Numbers values{1, 7, 7, 7, 7, 7, 7, 7, 7, 7};
  EXPECT_EQ(column(values).size(), 10U);
}

// The second row's attempt is the other's task, and stands for two.
TEST(ColumnsOfBars, CountFromTheBarBefore) {
  const std::vector<Attempt> attempts{
      {.task = TaskId{4}, .slot = 1, .number = 1, .cpu = 3us, .max_rss = 2 << 10},
      {.task = TaskId{6}, .slot = 1, .number = 2, .status = 9},
      {.task = TaskId{5}, .slot = 2, .number = 1},
      {.task = TaskId{7}, .slot = 2, .number = 1}};
  const std::vector<Bar> bars{
      {.row = 0, .first = 0, .started = 100us, .ended = 130us, .busy = 30us},
      {.row = 0, .first = 1, .failed = 1, .started = 135us, .ended = 140us, .busy = 5us},
      {.row = 1, .first = 2, .attempts = 2, .started = 101us, .ended = 111us, .busy = 8us}};
  const Json json = columns_of(bars, attempts, 100us);
  EXPECT_EQ(json["count"], 3);
  EXPECT_EQ(json["row"], Json({0, 0, 1}));
  EXPECT_EQ(json["start"], Json({0, 5, 1}));
  EXPECT_EQ(json["took"], Json({30, 5, 10}));
  EXPECT_EQ(json["task"], Json({4, 2, -1}));
  EXPECT_EQ(json["number"], Json({1, 2, 1}));
  EXPECT_EQ(json["status"], Json({0, 9, 0}));
  EXPECT_EQ(json["cpu"], Json({3, 0, 0}));
  EXPECT_EQ(json["rss"], Json({2, 0, 0}));
  EXPECT_EQ(json["many"], Json({1, 1, 2}));
  EXPECT_EQ(json["bad"], Json({0, 1, 0}));
  EXPECT_EQ(json["busy"], Json({0, 0, 8}));
}

}  // namespace
}  // namespace divvy::report
