#include "sink/live_printer.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <string>
#include <string_view>

namespace divvy::sink {
namespace {

constexpr WorkerId kWorker{0x11};
constexpr WorkerId kAnother{0x12};

class LivePrinterTest : public testing::Test {
 protected:
  explicit LivePrinterTest(Printer::Settings settings = {})
      : printer_(settings, to_out_, to_err_), live_(printer_, settings.tag) {}

  static Fragment fragment(TaskId id, std::uint64_t offset, std::string_view lines,
                           std::string_view text = "a") {
    return {.id = id, .attempt = 1, .offset = offset, .text = text, .lines = lines};
  }

  Result result(TaskId id, std::string_view output, Outcome outcome = Outcome::exited) {
    texts_.clear();
    append_text(texts_, "a");
    return {.ids = {id, 1}, .attempt = 1, .outcome = outcome, .texts = texts_, .output = output};
  }

  std::string printed() {
    to_out_.flush();
    to_err_.flush();
    std::rewind(out_);
    std::string text(1000, '\0');
    text.resize(std::fread(text.data(), 1, text.size(), out_));
    return text;
  }

  ~LivePrinterTest() override {
    std::fclose(out_);
    std::fclose(err_);
  }

  std::FILE* out_ = std::tmpfile();
  std::FILE* err_ = std::tmpfile();
  Output to_out_{::fileno(out_), Output::Loss::is_error};
  Output to_err_{::fileno(err_), Output::Loss::is_borne};
  Printer printer_;
  LivePrinter live_;
  std::string texts_;
};

class TaggingLivePrinterTest : public LivePrinterTest {
 protected:
  TaggingLivePrinterTest() : LivePrinterTest({.tag = true}) {}
};

class OrderedLivePrinterTest : public LivePrinterTest {
 protected:
  OrderedLivePrinterTest() : LivePrinterTest({.keep_order = true, .most_kept = 4}) {}
};

TEST_F(LivePrinterTest, PrintsOfAResultWhatWasNotPrintedWhileItsTaskRan) {
  live_.print(kWorker, fragment(1, 0, "1\n"));
  EXPECT_EQ(printed(), "1\n");
  live_.print(kWorker, result(1, "1\n2\n3"));
  EXPECT_EQ(printed(), "1\n2\n3");
}

TEST_F(LivePrinterTest, PrintsAResultOfWhichNothingWasPrintedAsItIs) {
  live_.print(kWorker, result(1, "1\n"));
  EXPECT_EQ(printed(), "1\n");
}

TEST_F(LivePrinterTest, PrintsWholeLinesOfAnAttemptAndTheNextOneGoesOn) {
  live_.print_attempt(kWorker, result(1, "1\n2"));
  EXPECT_EQ(printed(), "1\n");
  Result next = result(1, "1\n3\n");
  next.attempt = 2;
  live_.print(kAnother, next);
  EXPECT_EQ(printed(), "1\n3\n");
}

TEST_F(LivePrinterTest, PrintsAllThatIsLeftOfAKilledTask) {
  live_.print(kWorker, fragment(1, 0, "1\n"));
  live_.print_attempt(kWorker, result(1, "1\n2", Outcome::interrupted));
  EXPECT_EQ(printed(), "1\n2");
}

TEST_F(TaggingLivePrinterTest, LeavesLinesWhoseTagIsNotKnownToTheResult) {
  live_.print(kWorker, fragment(1, 0, "1\n", ""));
  EXPECT_EQ(printed(), "");
  live_.print(kWorker, result(1, "1\n"));
  EXPECT_EQ(printed(), "a\t1\n");
}

TEST_F(OrderedLivePrinterTest, LeavesLinesForWhichThereIsNoRoomToTheResult) {
  live_.print(kWorker, fragment(2, 0, "12345\n"));
  live_.print(kWorker, fragment(1, 0, "1\n"));
  live_.print(kWorker, result(2, "12345\n6\n"));
  live_.print(kWorker, result(1, "1\n"));
  EXPECT_EQ(printed(), "1\n12345\n6\n");
}

}  // namespace
}  // namespace divvy::sink
