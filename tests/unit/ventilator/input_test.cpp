// What the ventilator reads: lines of files and pipes, random workloads.
#include "ventilator/input.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace divvy::ventilator {
namespace {

using Texts = std::vector<std::string>;

Texts texts_of(Input& input) {
  Texts texts;
  while (!input.ended()) {
    input.read([&](std::string_view text) { texts.emplace_back(text); });
  }
  return texts;
}

class InputTest : public testing::Test {
 protected:
  InputTest() {
    std::array<char, 32> name{"/tmp/divvy-input-XXXXXX"};
    folder_ = ::mkdtemp(name.data());
  }
  ~InputTest() override { std::filesystem::remove_all(folder_); }

  std::string file(const std::string& name, std::string_view bytes) {
    const std::filesystem::path path = folder_ / name;
    std::ofstream(path, std::ios::binary) << bytes;
    return path;
  }

  Texts tasks(std::string_view bytes, const LineRules& rules = {}) {
    return texts_of(*open_lines({file("tasks", bytes)}, rules));
  }

  // What reading complains of.
  std::string trouble(const Texts& paths, const LineRules& rules = {}) {
    try {
      texts_of(*open_lines(paths, rules));
      return "none";
    } catch (const std::runtime_error& error) {
      return error.what();
    }
  }

  std::filesystem::path folder_;
};

TEST_F(InputTest, HasATaskALine) { EXPECT_EQ(tasks("a\nb c\n"), (Texts{"a", "b c"})); }

TEST_F(InputTest, NeedsNoNewlineAtItsEnd) { EXPECT_EQ(tasks("a\nb"), (Texts{"a", "b"})); }

TEST_F(InputTest, SkipsEmptyLinesAndCarriageReturns) {
  EXPECT_EQ(tasks("a\r\n\r\n\nb\r\n"), (Texts{"a", "b"}));
  EXPECT_EQ(tasks("a\r\n\r"), (Texts{"a"}));
}

TEST_F(InputTest, RemarksOnEmptyLinesOnlyIfThereAreSome) {
  const auto remark = [&](std::string_view bytes) {
    const auto input = open_lines({file("tasks", bytes)}, {});
    texts_of(*input);
    return input->remark();
  };
  EXPECT_EQ(remark("a\nb"), "");
  EXPECT_EQ(remark("a\n\nb\n"), "skipped 1 empty line");
  EXPECT_EQ(remark("\r\na\n\n\n"), "skipped 3 empty lines");
}

TEST_F(InputTest, KeepsEverythingBetweenNulBytes) {
  const auto input =
      open_lines({file("tasks", std::string("a\nb\0\0c\r", 7))}, {.delimiter = '\0'});
  EXPECT_EQ(texts_of(*input), (Texts{"a\nb", "", "c\r"}));
  EXPECT_EQ(input->remark(), "");
}

TEST_F(InputTest, HasLinesLongerThanABlock) {
  const std::string longest(LineRules{}.max_bytes, 'x');
  EXPECT_EQ(tasks("a\n" + longest + "\nb\n"), (Texts{"a", longest, "b"}));
}

TEST_F(InputTest, HasFilesOneAfterTheOther) {
  const auto input = open_lines({file("1", "a\nb"), file("2", ""), file("3", "\nc\n")}, {});
  EXPECT_EQ(texts_of(*input), (Texts{"a", "b", "c"}));
  EXPECT_EQ(input->remark(), "skipped 1 empty line");
}

TEST_F(InputTest, RefusesALongerLineThanIsAllowed) {
  EXPECT_EQ(tasks("12345678\r\n", {.max_bytes = 8}), (Texts{"12345678"}));
  for (const char* bytes : {"123456789", "123456789\n", "12345678\r\r\n", "123456789\r\nb"}) {
    const std::string path = file("tasks", bytes);
    EXPECT_TRUE(trouble({path}, {.max_bytes = 8}).starts_with(path + ", line 1: longer than 8"));
  }
}

TEST_F(InputTest, NamesFileAndLineOfOneThatIsTooLong) {
  const Texts paths{file("good", "a\nb\n"), file("bad", "\n\nlong one")};
  EXPECT_TRUE(trouble(paths, {.max_bytes = 4}).starts_with(paths[1] + ", line 3: "));
}

TEST_F(InputTest, DoesNotWaitForTheEndOfALineThatIsTooLong) {
  EXPECT_TRUE(trouble({"/dev/zero"}).starts_with("/dev/zero, line 1: "));
}

TEST_F(InputTest, RefusesWhatCannotBeReadBeforeAnythingIsTaken) {
  const std::string good = file("good", "a\n");
  EXPECT_THROW(open_lines({good, folder_ / "none"}, {}), std::runtime_error);
  EXPECT_THROW(open_lines({good, folder_}, {}), std::runtime_error);
}

TEST(RandomInput, GivesTheSameWorkloadsForTheSameSeed) {
  const auto draw = [](std::uint64_t seed) {
    return texts_of(*open_random({.count = 2500, .min_msec = 1, .max_msec = 100, .seed = seed}));
  };
  const Texts texts = draw(1);
  EXPECT_EQ(texts.size(), 2500U);
  for (const std::string& text : texts) {
    EXPECT_GE(std::stoi(text), 1);
    EXPECT_LE(std::stoi(text), 100);
  }
  EXPECT_EQ(draw(1), texts);
  EXPECT_NE(draw(2), texts);
}

}  // namespace
}  // namespace divvy::ventilator
