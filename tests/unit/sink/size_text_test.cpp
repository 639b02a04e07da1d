#include "sink/size_text.hpp"

#include <gtest/gtest.h>

namespace divvy::sink {
namespace {

TEST(SizeText, HasTheUnitThatFits) {
  EXPECT_EQ(size_text(0), "0.0 KiB");
  EXPECT_EQ(size_text(640 << 10), "640 KiB");
  EXPECT_EQ(size_text(1023 << 10), "1.0 MiB");
  EXPECT_EQ(size_text(std::uint64_t{5} << 28), "1.2 GiB");
  EXPECT_EQ(size_text(std::uint64_t{12} << 40), "12 TiB");
  EXPECT_EQ(size_text(~std::uint64_t{0}), "16777216 TiB");
}

}  // namespace
}  // namespace divvy::sink
