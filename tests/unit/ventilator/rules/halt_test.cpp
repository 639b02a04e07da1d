#include "ventilator/rules/halt.hpp"

#include <gtest/gtest.h>

#include <stdexcept>

namespace divvy::ventilator {
namespace {

TEST(Halt, IsANumberOfFailures) {
  const Halt halt = Halt::parse("soon,fail=3");
  EXPECT_FALSE(halt.kill);
  EXPECT_FALSE(halt.reached(2, 2));
  EXPECT_TRUE(halt.reached(3, 1000));
  EXPECT_TRUE(halt.reached(4, 1000));
}

TEST(Halt, IsAShareOfTheTasks) {
  const Halt halt = Halt::parse("now,fail=10%");
  EXPECT_TRUE(halt.kill);
  EXPECT_FALSE(halt.reached(0, 0)) << "nothing has failed";
  EXPECT_FALSE(halt.reached(9, 100));
  EXPECT_TRUE(halt.reached(10, 100));
  EXPECT_TRUE(Halt::parse("soon,fail=100%").reached(2, 2));
}

TEST(Halt, IsNothingElse) {
  for (const char* text :
       {"", "soon", "now", "soon,", "now,fail", "soon,fail=", "soon,fail=0", "soon,fail=x",
        "later,fail=1", "soon,fail=1.5", "soon,fail=-1", "soon,fail=%", "soon,fail=101%",
        "soon,fail=0%", "soon,fail=1 ", "soon,fail=99999999999999999999", "soon,done=1"}) {
    EXPECT_THROW(Halt::parse(text), std::invalid_argument) << text;
  }
}

}  // namespace
}  // namespace divvy::ventilator
