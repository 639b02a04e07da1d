#include "common/digest.hpp"

#include <gtest/gtest.h>

#include <string>

namespace divvy {
namespace {

TEST(Digest, IsFnv1a) {
  EXPECT_EQ(digest_of(""), 0xcbf29ce484222325U);
  EXPECT_EQ(digest_of("a"), 0xaf63dc4c8601ec8cU);
  EXPECT_EQ(digest_of("foobar"), 0x85944171f73967e8U);
}

TEST(Digest, TakesBytesAboveAsciiForUnsigned) { EXPECT_EQ(digest_of("\xff"), 0xaf64724c8602eb6eU); }

TEST(Digest, IsThatOfAllThatWasAdded) {
  Digest parts;
  parts.add("foo");
  parts.add("");
  parts.add("bar");
  EXPECT_EQ(parts.value(), digest_of("foobar"));
}

TEST(Digest, OfATextIsThatOfItsLengthAndBytes) {
  Digest text;
  text.add_text("ab");
  EXPECT_EQ(text.value(), digest_of(std::string_view("\2\0\0\0ab", 6)));
}

}  // namespace
}  // namespace divvy
