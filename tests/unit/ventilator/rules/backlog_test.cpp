#include "ventilator/rules/backlog.hpp"

#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace divvy::ventilator {
namespace {

using Texts = std::vector<std::string>;

Texts texts_of(const Backlog& backlog, Range ids) {
  Texts texts;
  while (ids.count > 0) {
    const auto [part, packed] = backlog.slice(ids);
    EXPECT_EQ(part.first, ids.first);
    for_each_text(packed, [&](std::string_view text) { texts.emplace_back(text); });
    ids = {part.end(), ids.count - part.count};
  }
  return texts;
}

TEST(Backlog, GivesTextsByTheirIds) {
  Backlog backlog;
  for (const char* text : {"a", "", "ccc"}) backlog.append(text);
  EXPECT_EQ(backlog.last(), 3U);
  EXPECT_EQ(texts_of(backlog, {1, 3}), (Texts{"a", "", "ccc"}));
  EXPECT_EQ(texts_of(backlog, {2, 1}), (Texts{""}));
}

TEST(Backlog, GivesTextsAcrossItsChunksAndForgetsWhatIsRetired) {
  Backlog backlog;
  Texts all;
  for (int i = 1; i <= 10'000; ++i) {
    all.push_back("task " + std::to_string(i));
    backlog.append(all.back());
  }
  EXPECT_EQ(texts_of(backlog, {1, 10'000}), all);
  backlog.retire({1, 9'000});
  EXPECT_EQ(backlog.tasks(), 1000U);
  EXPECT_LT(backlog.bytes(), 64U * 1024);
  EXPECT_EQ(texts_of(backlog, {9'001, 2}), (Texts{"task 9001", "task 9002"}));
  backlog.retire({9'001, 1000});
  backlog.append("next");
  EXPECT_EQ(backlog.last(), 10'001U);
  EXPECT_EQ(texts_of(backlog, {10'001, 1}), (Texts{"next"}));
}

TEST(Backlog, IgnoresRetiringWhatIsNotThere) {
  Backlog backlog;
  backlog.retire({1, 5});
  backlog.append("a");
  backlog.retire({2, 5});
  EXPECT_EQ(backlog.tasks(), 1U);
}

}  // namespace
}  // namespace divvy::ventilator
