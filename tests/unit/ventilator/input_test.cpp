// What the ventilator reads: lines and records of files, lists, groups, random workloads.
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

  Texts records(std::string_view bytes, const CsvRules& rules = {}) {
    return texts_of(*open_csv({file("records", bytes)}, rules));
  }

  std::string csv_trouble(const Texts& paths, const CsvRules& rules = {}) {
    try {
      texts_of(*open_csv(paths, rules));
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

TEST_F(InputTest, HasAHeaderThatIsNoTaskIfAsked) {
  const Texts paths{file("1", "\na,b\n1,2\n"), file("2", "a,b\n3,4\na,b\n"), file("3", "5,6\n")};
  const auto input = open_lines(paths, {.header = true});
  EXPECT_EQ(input->header(), "");
  EXPECT_EQ(texts_of(*input), (Texts{"1,2", "3,4", "a,b", "5,6"}));
  EXPECT_EQ(input->header(), "a,b");
  EXPECT_EQ(input->form(), TextForm::line);
}

TEST_F(InputTest, HasARecordOfCsvAsWords) {
  EXPECT_EQ(records("a,b c\r\n\"x,y\",\"it is \"\"it\"\"\"\n,\n\"\"\n"),
            (Texts{"a 'b c'", "x,y 'it is \"it\"'", "'' ''", "''"}));
  EXPECT_EQ(records(" a , b\nlast"), (Texts{"' a ' ' b'", "last"}));
  EXPECT_EQ(open_csv({file("empty", "")}, {})->form(), TextForm::words);
}

TEST_F(InputTest, HasLineEndsWithinQuotesOfCsv) {
  EXPECT_EQ(records("\"a\r\n\n\",b\nc,\"\n\""), (Texts{"'a\r\n\n' b", "c '\n'"}));
}

TEST_F(InputTest, SkipsEmptyLinesOfCsvAndCountsThem) {
  const auto input = open_csv({file("records", "\r\na\n\n\n\"\n\n\"\n")}, {});
  EXPECT_EQ(texts_of(*input), (Texts{"a", "'\n\n'"}));
  EXPECT_EQ(input->remark(), "skipped 3 empty lines");
}

TEST_F(InputTest, DropsAByteOrderMarkInFrontOfCsvOnly) {
  const auto input =
      open_csv({file("1", "\xEF\xBB\xBF\"a\",b\n\xEF\xBB\xBF"), file("2", "\xEF\xBB\xBF")}, {});
  EXPECT_EQ(texts_of(*input), (Texts{"a b", "'\xEF\xBB\xBF'"}));
  EXPECT_EQ(records("\xEF\xBB,c"), (Texts{"'\xEF\xBB' c"}));
}

TEST_F(InputTest, HasTheHeaderOfCsvAsWords) {
  const auto input = open_csv(
      {file("1", "full name,age\nx,1\n"), file("2", "full name,age\ny,2\n")}, {.header = true});
  EXPECT_EQ(texts_of(*input), (Texts{"x 1", "y 2"}));
  EXPECT_EQ(input->header(), "'full name' age");
}

TEST_F(InputTest, ReadsCsvAcrossBlocks) {
  const std::string field(100'000, '"');
  const std::string value(50'000, '"');
  EXPECT_EQ(records("a\n\"" + field + "\",b\n"), (Texts{"a", "'" + value + "' b"}));
}

TEST_F(InputTest, NamesTheLineOfCsvThatMakesNoSense) {
  const std::string out_of_place = file("1", "a\n\"b\n\"\nc\"d\n");
  EXPECT_TRUE(
      csv_trouble({out_of_place}).starts_with(out_of_place + ", line 4: a quote is out of place"));
  const std::string open = file("2", "a\nb,\"c\n\nd\n");
  EXPECT_EQ(csv_trouble({open}), open + ", line 2: a quote is not closed");
}

TEST_F(InputTest, RefusesALongerRecordThanIsAllowed) {
  const std::string good = file("1", "1234 678\n");
  const std::string bad = file("2", "\n1234,678\n");
  EXPECT_TRUE(csv_trouble({good, bad}, {.max_bytes = 7})
                  .starts_with(good + ", line 1: longer than 7 bytes; --max-task"));
  EXPECT_TRUE(
      csv_trouble({bad}, {.max_bytes = 7}).starts_with(bad + ", line 2: longer than 7 bytes"));
  EXPECT_EQ(csv_trouble({bad}, {.max_bytes = 8}), "none");
  EXPECT_TRUE(csv_trouble({"/dev/zero"}, {.max_bytes = 1 << 20})
                  .starts_with("/dev/zero, line 1: longer than"));
}

TEST(ListInput, HasTheValuesOfOneListAsTheyAre) {
  const auto input = open_lists(parse_lists({":::", "a b", "", "c\nd"}), 100);
  EXPECT_EQ(input->form(), TextForm::line);
  EXPECT_EQ(texts_of(*input), (Texts{"a b", "", "c\nd"}));
  EXPECT_TRUE(open_lists(parse_lists({":::"}), 100)->ended());
}

TEST(ListInput, HasCombinationsAsWords) {
  const auto input = open_lists(parse_lists({":::", "a b", "c", ":::", "1", "", ":::+", "x"}), 100);
  EXPECT_EQ(input->form(), TextForm::words);
  EXPECT_EQ(texts_of(*input), (Texts{"'a b' 1 x", "c 1 x"}));
}

TEST(ListInput, GivesSomeOfManyCombinationsAtOnce) {
  ValueList many;
  many.values.assign(1000, "x");
  const auto input = open_lists({many, many, many}, 100);
  std::size_t tasks = 0;
  input->read([&](std::string_view) { ++tasks; });
  EXPECT_GT(tasks, 0U);
  EXPECT_LE(tasks, 10'000U);
}

TEST(ListInput, RefusesAValueThatIsTooLong) {
  const auto input = open_lists(parse_lists({":::", "1234", "12345"}), 4);
  EXPECT_THROW(texts_of(*input), std::runtime_error);
}

TEST_F(InputTest, HasLinesInGroups) {
  const auto groups = [&](std::string_view bytes, std::uint64_t values) {
    const auto input = in_groups(open_lines({file("tasks", bytes)}, {}), group_limits(values));
    EXPECT_EQ(input->form(), TextForm::words);
    return texts_of(*input);
  };
  EXPECT_EQ(groups("a b\n\nc\nd", 2), (Texts{"'a b' c", "d"}));
  EXPECT_EQ(groups("a b\nc\n", 1), (Texts{"'a b'", "c"}));
  EXPECT_EQ(groups("", 2), Texts{});
}

TEST_F(InputTest, EndsAGroupBeforeItIsTooLongForTheSystem) {
  std::string lines;
  for (int i = 0; i < 20'000; ++i) lines += "0123456789\n";
  const auto texts =
      texts_of(*in_groups(open_lines({file("tasks", lines)}, {}), group_limits(100'000)));
  EXPECT_EQ(texts.size(), 3U);
  for (const std::string& text : texts) EXPECT_LT(text.size(), 128U << 10);
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
