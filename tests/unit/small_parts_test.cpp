// Parts of a page or less: workloads, guests, the sink's printer.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <string>

#include "divvy/limits.hpp"
#include "divvy/workload.hpp"
#include "hall/guests.hpp"
#include "sink/printer.hpp"

namespace divvy {
namespace {

using namespace std::chrono_literals;

TEST(Workload, IsANumberOfMillisecondsMaybePaddedWithNulBytes) {
  EXPECT_EQ(parse_workload("0"), 0ms);
  EXPECT_EQ(parse_workload("100"), 100ms);
  EXPECT_EQ(parse_workload(std::string_view("7\0\0\0", 4)), 7ms);
}

TEST(Workload, IsNothingElse) {
  for (const char* text : {"", " ", "x", "1x", "-1", "+1", "1.5", " 1", "1 ", "99999999999"}) {
    EXPECT_FALSE(parse_workload(text)) << text;
  }
  EXPECT_FALSE(parse_workload(std::string_view("\0", 1)));
}

constexpr int kFd = 5;
constexpr std::uint64_t kRoom = 10 << 20;

class GuestsTest : public testing::Test {
 protected:
  Guests::Manner after(std::uint64_t from, std::uint64_t to, Time::duration time = 1h) {
    return guests_->manner_of(kFd, {from, to}, Time() + time);
  }
  void begin(bool locked) {
    guests_.emplace(kRoom, locked);
    guests_->arrived(kFd, "192.0.2.1", Time());
  }

  std::optional<Guests> guests_;
};

TEST_F(GuestsTest, AreWatchedWhenTheyHaveJustComeAndWhenMuchOfTheirsIsUnread) {
  begin(false);
  EXPECT_EQ(after(0, 64, 1s), Guests::Manner::busy);
  EXPECT_EQ(after(0, 64), Guests::Manner::quiet);
  EXPECT_EQ(after(kRoom, 64), Guests::Manner::busy);
  EXPECT_EQ(after(kRoom + 1, 64), Guests::Manner::overloads);
}

TEST_F(GuestsTest, MayBringAnyAmountThatIsHeard) {
  begin(false);
  for (int i = 0; i < 100; ++i) guests_->heard(kFd, kRoom);
  EXPECT_EQ(after(100 * kRoom, 64), Guests::Manner::quiet);
  EXPECT_EQ(after(101 * kRoom + 1, 64), Guests::Manner::overloads);
}

TEST_F(GuestsTest, GetNoCreditForManyTinyMessages) {
  begin(false);
  for (int i = 0; i < 1'000'000; ++i) guests_->heard(kFd, 0);
  EXPECT_EQ(after(1000, 64), Guests::Manner::quiet);
  EXPECT_EQ(after(1001 + kRoom, 64), Guests::Manner::overloads);
}

TEST_F(GuestsTest, MayNotTakeUpFarMoreMemoryThanTheyHaveBrought) {
  constexpr std::uint64_t mib = 1 << 20;
  constexpr int other = kFd + 1;
  begin(false);
  guests_->arrived(other, "192.0.2.2", Time());
  after(100, 64);
  EXPECT_FALSE(guests_->most_costly(500 * mib)) << "that is our own";
  after(10 * mib, 64);
  EXPECT_FALSE(guests_->most_costly(800 * mib));
  guests_->manner_of(other, {mib, 64}, Time() + 1h);
  EXPECT_EQ(guests_->most_costly(900 * mib), kFd) << "who has brought most";
  EXPECT_FALSE(guests_->most_costly(900 * mib)) << "until it is seen what that has freed";
  guests_->left(kFd);
  EXPECT_FALSE(guests_->most_costly(500 * mib));
  EXPECT_EQ(guests_->most_costly(800 * mib), other);
}

TEST_F(GuestsTest, AreManyAndSilentWithoutSeemingToCostAnything) {
  begin(false);
  for (int fd = 100; fd < 2100; ++fd) {
    guests_->arrived(fd, "192.0.2.2", Time());
    guests_->manner_of(fd, {110, 110}, Time() + 1h);
  }
  for (std::uint64_t memory = 1 << 20; memory < 1 << 30; memory += 1 << 20) {
    EXPECT_FALSE(guests_->most_costly(memory));
  }
}

TEST_F(GuestsTest, MayBringNextToNothingBeforeTheyHaveShownTheKey) {
  begin(true);
  EXPECT_EQ(after(300, 64), Guests::Manner::busy) << "as long as that takes";
  EXPECT_EQ(after(kMaxCommandBytes + 1, 64), Guests::Manner::overloads);
  EXPECT_EQ(after(kMaxCommandBytes + 1, 300), Guests::Manner::busy);
  EXPECT_EQ(after(300, 300), Guests::Manner::quiet);
}

TEST_F(GuestsTest, AreForgottenWhenTheyHaveLeft) {
  begin(false);
  EXPECT_EQ(guests_->all(), std::vector{kFd});
  EXPECT_EQ(guests_->address(kFd), "192.0.2.1");
  guests_->left(kFd);
  EXPECT_TRUE(guests_->all().empty());
  EXPECT_FALSE(guests_->address(kFd));
  EXPECT_EQ(after(2 * kRoom, 64), Guests::Manner::quiet);
}

class PrinterTest : public testing::Test {
 protected:
  void open(sink::Printer::Settings settings) { printer_.emplace(settings, out_, err_); }

  void print(TaskId id, std::string_view output, std::string_view errors = "") {
    std::string text;
    append_text(text, fmt::format("t{}", id));
    Result result;
    result.ids = {id, 1};
    result.texts = text;
    result.output = output;
    result.errors = errors;
    printer_->print(result.ids, result);
  }

  std::string printed(std::FILE* file) {
    printer_->flush();
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
  std::optional<sink::Printer> printer_;
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

TEST_F(PrinterTest, TagsEachLineIfAsked) {
  open({.tag = true});
  print(1, "a\nb\n");
  print(2, "no newline");
  print(3, "");
  EXPECT_EQ(printed(out_), "t1\ta\nt1\tb\nt2\tno newline\n");
}

TEST_F(PrinterTest, TellsThatItCannotWrite) {
  std::FILE* const full = std::fopen("/dev/full", "w");
  sink::Printer printer({}, full, err_);
  std::string text;
  append_text(text, "t");
  Result result;
  result.texts = text;
  result.output = "x";
  printer.print(result.ids, result);
  EXPECT_THROW(printer.flush(), std::runtime_error);
  std::fclose(full);
}

}  // namespace
}  // namespace divvy
