#include "ventilator/rules/header.hpp"

#include <gtest/gtest.h>

namespace divvy::ventilator {
namespace {

TEST(Header, IsTheFirstTextOfTheFirstFile) {
  Header header(true);
  EXPECT_EQ(header.text(), "");
  EXPECT_TRUE(header.takes("a,b", true));
  EXPECT_FALSE(header.takes("a,b", false));
  EXPECT_FALSE(header.takes("1,2", false));
  EXPECT_EQ(header.text(), "a,b");
}

TEST(Header, IsTheFirstTextOfAFurtherFileOnlyIfItIsTheSame) {
  Header header(true);
  EXPECT_TRUE(header.takes("a,b", true));
  EXPECT_TRUE(header.takes("a,b", true));
  EXPECT_FALSE(header.takes("1,2", true));
  EXPECT_EQ(header.text(), "a,b");
}

TEST(Header, IsNoneIfItIsNotWanted) {
  Header header(false);
  EXPECT_FALSE(header.takes("a,b", true));
  EXPECT_EQ(header.text(), "");
}

}  // namespace
}  // namespace divvy::ventilator
