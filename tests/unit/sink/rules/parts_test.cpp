#include "sink/rules/parts.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace divvy::sink {
namespace {

// Five tasks, "t1" to "t5", the third of which has printed nothing.
class PartsTest : public testing::Test {
 protected:
  PartsTest() {
    for (const char* text : {"t1", "t2", "t3", "t4", "t5"}) append_text(texts_, text);
    for (const char* output : {"a", "b", "", "d", "e"}) append_text(output_, output);
    whole_ = {.ids = {11, 5},
              .slot = 3,
              .outcome = Outcome::exited,
              .started = 1000,
              .ended = 1150,
              .took = {10, 20, 30, 40, 50},
              .cpu = 50,
              .texts = texts_,
              .output = output_};
  }

  [[nodiscard]] std::vector<Result> parts(const std::vector<Range>& ranges) const {
    std::vector<Result> all;
    for_each_part(whole_, ranges, [&](const Result& part) { all.push_back(part); });
    return all;
  }

  static std::string told(const Result& result) {
    std::string all;
    result.for_each_task([&](const TaskResult& task) {
      all.append(task.text).append(":").append(task.output).append(" ");
    });
    return all;
  }

  std::string texts_;
  std::string output_;
  Result whole_;
};

TEST_F(PartsTest, HaveTheirShareOfTheCpuTime) {
  const auto found = parts({{12, 2}, {15, 1}});
  EXPECT_EQ(found[0].cpu, 20U);
  EXPECT_EQ(found[1].cpu, 10U);
}

TEST_F(PartsTest, AreResultsOfTheirOwn) {
  const auto found = parts({{12, 2}, {15, 1}});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].ids, (Range{12, 2}));
  EXPECT_EQ(told(found[0]), "t2:b t3: ");
  EXPECT_EQ(found[0].started, 1010);
  EXPECT_EQ(found[0].ended, 1060);
  EXPECT_EQ(found[0].slot, 3U);
  EXPECT_EQ(found[1].ids, (Range{15, 1}));
  EXPECT_EQ(told(found[1]), "t5:e ");
  EXPECT_EQ(found[1].output, "e") << "a single task has its output as it is";
  for (const Result& part : found) EXPECT_TRUE(part.valid());
}

TEST_F(PartsTest, OfAllOfItAreItself) {
  const auto found = parts({{11, 5}});
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(told(found[0]), told(whole_));
  EXPECT_TRUE(parts({}).empty());
}

TEST_F(PartsTest, OfTasksThatHavePrintedNothingPrintNothing) {
  whole_.output = "";
  const auto found = parts({{12, 1}, {14, 2}});
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(told(found[0]), "t2: ");
  EXPECT_EQ(told(found[1]), "t4: t5: ");
  for (const Result& part : found) EXPECT_TRUE(part.valid());
}

}  // namespace
}  // namespace divvy::sink
