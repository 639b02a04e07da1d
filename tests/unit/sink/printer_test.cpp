#include "sink/printer.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

namespace divvy::sink {
namespace {

class PrinterTest : public testing::Test {
 protected:
  void open(Printer::Settings settings) { printer_.emplace(settings, to_out_, to_err_); }

  void print(TaskId id, std::string_view output, std::string_view errors = "") {
    std::string text;
    append_text(text, fmt::format("t{}", id));
    const Result result{.ids = {id, 1}, .texts = text, .output = output, .errors = errors};
    printer_->print(result);
  }

  /// In one result.
  void print_together(Range ids) {
    std::string texts;
    std::string output;
    for (TaskId id = ids.first; id < ids.end(); ++id) {
      append_text(texts, fmt::format("t{}", id));
      append_text(output, fmt::format("{}\n", std::string(id - 1, 'x')));
    }
    printer_->print({.ids = ids, .texts = texts, .output = output});
  }

  std::string printed(std::FILE* file) {
    to_out_.flush();
    to_err_.flush();
    std::rewind(file);
    std::string text(1000, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), file));
    return text;
  }

  ~PrinterTest() override {
    std::fclose(out_);
    std::fclose(err_);
  }

  std::FILE* out_ = std::tmpfile();
  std::FILE* err_ = std::tmpfile();
  Output to_out_{::fileno(out_), Output::Loss::is_error};
  Output to_err_{::fileno(err_), Output::Loss::is_borne};
  std::optional<Printer> printer_;
};

TEST_F(PrinterTest, PassesBothStreamsOnAsTheyCome) {
  open({});
  print(2, "b\n", "e\n");
  print(1, "a");
  EXPECT_EQ(printed(out_), "b\na");
  EXPECT_EQ(printed(err_), "e\n");
}

TEST_F(PrinterTest, KeepsTheOrderOfTheInputIfAsked) {
  open({.keep_order = true});
  print(3, "c");
  print(1, "a");
  EXPECT_EQ(printed(out_), "a");
  print(2, "b");
  EXPECT_EQ(printed(out_), "abc");
}

TEST_F(PrinterTest, KeepsTheOrderAlsoOfWhatMemoryHasNoRoomFor) {
  open({.keep_order = true, .most_kept = 4, .tag = true});
  for (int round = 0; round < 2; ++round) {
    const TaskId first = 1 + 4 * static_cast<TaskId>(round);
    print(first + 3, "dddd\n", "D");
    print(first + 1, "bb", "BB");
    print(first + 2, "ccc", "");
    print(first, "a", "A");
  }
  EXPECT_EQ(printed(out_), "t1\ta\nt2\tbb\nt3\tccc\nt4\tdddd\nt5\ta\nt6\tbb\nt7\tccc\nt8\tdddd\n");
  EXPECT_EQ(printed(err_), "t1\tA\nt2\tBB\nt4\tD\nt5\tA\nt6\tBB\nt8\tD\n");
}

TEST_F(PrinterTest, PrintsATaskThatRunsOnceMoreAtOnceAndKeepsTheOrderOfTheRest) {
  open({.keep_order = true});
  for (TaskId id = 1; id <= 3; ++id) printer_->skip({id, 1});
  print(2, "b");
  print(5, "e");
  print(4, "d");
  EXPECT_EQ(printed(out_), "bde");
}

TEST_F(PrinterTest, PrintsInTheEndWhatStillWaitsForTasksThatNeverCame) {
  open({.keep_order = true, .most_kept = 1});
  print(4, "d");
  print(2, "b");
  printer_->finish();
  printer_->finish();
  EXPECT_EQ(printed(out_), "bd");
}

TEST_F(PrinterTest, TagsEachLineIfAsked) {
  open({.tag = true});
  print(1, "a\nb\n");
  print(2, "no newline");
  print(3, "");
  EXPECT_EQ(printed(out_), "t1\ta\nt1\tb\nt2\tno newline\n");
}

TEST_F(PrinterTest, TagsEachLineInOneLineWhateverTheTaskIs) {
  open({.tag = true});
  for (const char* task : {"a\nb", "a\tb"}) {
    std::string text;
    append_text(text, task);
    printer_->print({.texts = text, .output = "1\n2\n"});
  }
  EXPECT_EQ(printed(out_), "$'a\\nb'\t1\n$'a\\nb'\t2\na\tb\t1\na\tb\t2\n");
}

TEST_F(PrinterTest, PrintsOfAResultForSeveralTasksThoseThatAreAskedFor) {
  open({});
  print_together({2, 2});
  EXPECT_EQ(printed(out_), "x\nxx\n");
}

TEST_F(PrinterTest, TagsEachOfSeveralTasksWithItsOwnText) {
  open({.tag = true});
  print_together({1, 3});
  EXPECT_EQ(printed(out_), "t1\t\nt2\tx\nt3\txx\n");
}

TEST_F(PrinterTest, PrintsNothingForSeveralTasksWithoutOutput) {
  open({.tag = true});
  printer_->print({.ids = {1, 5}});
  EXPECT_EQ(printed(out_), "");
}

TEST_F(PrinterTest, KeepsTheOrderOfResultsForSeveralTasks) {
  open({.keep_order = true});
  print(6, "6\n");
  print_together({4, 2});
  print_together({2, 2});
  EXPECT_EQ(printed(out_), "");
  print(1, "\n");
  EXPECT_EQ(printed(out_), "\nx\nxx\nxxx\nxxxx\n6\n");
}

TEST_F(PrinterTest, KeepsTheOrderAlsoOfSeveralTasksThatMemoryHasNoRoomFor) {
  open({.keep_order = true, .most_kept = 4, .tag = true});
  print_together({4, 2});
  print_together({2, 2});
  print(1, "first");
  EXPECT_EQ(printed(out_), "t1\tfirst\nt2\tx\nt3\txx\nt4\txxx\nt5\txxxx\n");
}

TEST_F(PrinterTest, LosesNothingOfATaskThatCameEarlyTwice) {
  open({.keep_order = true});
  print(3, "(c)");
  print_together({2, 3});
  print(1, "a\n");
  EXPECT_EQ(printed(out_), "a\nx\nxx\nxxx\n(c)");
}

TEST_F(PrinterTest, PrintsWhatAnInterruptedTaskHasSaidWithoutTakingItForDone) {
  open({.keep_order = true});
  const Result interrupted{.ids = {2, 1}, .outcome = Outcome::interrupted, .output = "(b)"};
  printer_->print_interrupted(interrupted);
  print(3, "c");
  print(1, "a");
  EXPECT_EQ(printed(out_), "a");
  printer_->finish();
  EXPECT_EQ(printed(out_), "a(b)c");
  open({});
  printer_->print_interrupted(interrupted);
  EXPECT_EQ(printed(out_), "a(b)c(b)");
}

TEST_F(PrinterTest, PrintsLinesOfATaskThatRunsInOrderIfAsked) {
  open({.keep_order = true, .tag = true});
  printer_->print_lines({.id = 3, .text = "t3", .output = "c1\n", .errors = "e1\n"});
  printer_->print_lines({.id = 1, .text = "t1", .output = "a1\n"});
  printer_->print_lines({.id = 2, .text = "t2", .output = "b1\n"});
  printer_->print_lines({.id = 3, .text = "t3", .output = "c2\n"});
  EXPECT_EQ(printed(out_), "t1\ta1\n");
  print(2, "b2");
  EXPECT_EQ(printed(out_), "t1\ta1\n");
  print(1, "a2");
  EXPECT_EQ(printed(out_), "t1\ta1\nt1\ta2\nt2\tb1\nt2\tb2\nt3\tc1\nt3\tc2\n");
  EXPECT_EQ(printed(err_), "t3\te1\n");
  printer_->print_lines({.id = 3, .text = "t3", .output = "c3\n"});
  EXPECT_TRUE(printed(out_).ends_with("t3\tc3\n"));
}

TEST_F(PrinterTest, PrintsLinesThatWaitedBeforeWhatElseThereIsInTheEnd) {
  open({.keep_order = true});
  printer_->print_lines({.id = 3, .output = "c1\n"});
  printer_->print_lines({.id = 5, .output = "e1\n"});
  print(3, "c2\n");
  print(4, "d\n");
  printer_->finish();
  EXPECT_EQ(printed(out_), "c1\nc2\nd\ne1\n");
}

TEST_F(PrinterTest, HasRoomForSomeLinesWhoseTurnHasNotCome) {
  open({.keep_order = true, .most_kept = 4});
  EXPECT_TRUE(printer_->has_room_for_lines(1, 1000));
  EXPECT_TRUE(printer_->has_room_for_lines(2, 4));
  printer_->print_lines({.id = 2, .output = "b1\n"});
  EXPECT_FALSE(printer_->has_room_for_lines(3, 2));
  print(2, "b2\n");
  print(1, "a\n");
  EXPECT_EQ(printed(out_), "a\nb1\nb2\n");
  EXPECT_TRUE(printer_->has_room_for_lines(4, 4));
  open({.most_kept = 4});
  EXPECT_TRUE(printer_->has_room_for_lines(3, 1000));
}

TEST_F(PrinterTest, TellsThatItCannotWriteOutputAndBearsThatItCannotWriteErrors) {
  std::FILE* const full = std::fopen("/dev/full", "w");
  Output out(::fileno(full), Output::Loss::is_error);
  Output err(::fileno(full), Output::Loss::is_borne);
  Printer printer({}, out, err);
  Result result{.errors = "x"};
  printer.print(result);
  EXPECT_NO_THROW(err.flush());
  result.output = "x";
  printer.print(result);
  EXPECT_THROW(out.flush(), std::runtime_error);
  std::fclose(full);
}

TEST_F(PrinterTest, DoesNotWaitForATaskThatAnEarlierSinkHasPrinted) {
  open({.keep_order = true});
  print(2, "b");
  EXPECT_EQ(printed(out_), "");
  printer_->skip({1, 1});
  EXPECT_EQ(printed(out_), "b");
}

}  // namespace
}  // namespace divvy::sink
