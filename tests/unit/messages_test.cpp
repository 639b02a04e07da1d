#include "divvy/messages.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <random>
#include <sstream>
#include <string>
#include <vector>

namespace divvy {
namespace {

std::string packed(const std::vector<std::string>& texts) {
  std::string bytes;
  for (const std::string& text : texts) append_text(bytes, text);
  return bytes;
}

// The messages of the page's section "Golden bytes".
const std::string kTwoTexts = packed({"a", "bc"});
const std::string kOneText = packed({"a"});

Lane golden_lane() {
  return {.worker = WorkerId{0x11},
          .ventilator = VentilatorId{0x22},
          .sequence = 5,
          .batch = BatchId{0x33},
          .settled = {{{1, 2}, 1}},
          .recalled = {{9, 1}},
          .abort = false,
          .tasks = {{{3, 2}, 1, 2, kTwoTexts}}};
}

Presence golden_presence() {
  return {WorkerId{0x11}, "w",      "i",      2, false, VentilatorId{0x22}, 5,
          BatchId{0x33},  {{3, 1}}, {{4, 1}}, {}};
}

Results golden_results() {
  return {WorkerId{0x11},
          "w",
          BatchId{0x33},
          {{{3, 1}, 1, 2, Outcome::exited, 7, 1000, 2000, kOneText, "o", "e", ""}}};
}

Receipts golden_receipts() {
  return {.ventilator = VentilatorId{0x22},
          .batch = BatchId{0x33},
          .resumed = true,
          .receipts = {{WorkerId{0x11}, {3, 1}, 1, Verdict::retry, 1000, 0x44}}};
}

Announcement golden_announcement() {
  return {
      VentilatorId{0x22}, BatchId{0x33}, "n", "f", BatchState::closed, 4, 9, true, false, 2, 6, 5};
}

std::vector<std::string> golden_frames() {
  return {encode(golden_lane()), encode(golden_presence()), encode(golden_results()),
          encode(golden_receipts()), encode(golden_announcement())};
}

bool decodes(std::string_view frame) {
  return decode<Lane>(frame) || decode<Presence>(frame) || decode<Results>(frame) ||
         decode<Receipts>(frame) || decode<Announcement>(frame);
}

// The blocks of hexadecimal bytes on the protocol page.
std::vector<std::string> frames_on_the_page() {
  std::ifstream page(DIVVY_SOURCE_DIR "/docs/protocol.md");
  std::vector<std::string> frames;
  std::string line;
  bool golden = false;
  bool in_block = false;
  while (std::getline(page, line)) {
    golden = golden || line == "## Golden bytes";
    if (!golden) continue;
    if (line == "```") {
      in_block = !in_block;
      if (in_block) frames.emplace_back();
      continue;
    }
    std::istringstream words(line);
    for (std::string word; in_block && words >> word;) {
      frames.back().push_back(static_cast<char>(std::stoi(word, nullptr, 16)));
    }
  }
  return frames;
}

TEST(Messages, AreTheBytesOnTheProtocolPage) { EXPECT_EQ(frames_on_the_page(), golden_frames()); }

TEST(Messages, LaneComesBackAsItWas) {
  const std::string frame = encode(golden_lane());
  const auto lane = decode<Lane>(frame);
  ASSERT_TRUE(lane);
  EXPECT_EQ(lane->worker, WorkerId{0x11});
  EXPECT_EQ(lane->ventilator, VentilatorId{0x22});
  EXPECT_EQ(lane->sequence, 5U);
  EXPECT_EQ(lane->batch, BatchId{0x33});
  EXPECT_EQ(lane->settled, (std::vector<Settled>{{{1, 2}, 1}}));
  EXPECT_EQ(lane->recalled, (std::vector<Range>{{9, 1}}));
  ASSERT_EQ(lane->tasks.size(), 1U);
  EXPECT_EQ(lane->tasks[0].ids, (Range{3, 2}));
  EXPECT_EQ(lane->tasks[0].attempts, 2U);
  std::vector<std::string> texts;
  for_each_text(lane->tasks[0].texts, [&](std::string_view text) { texts.emplace_back(text); });
  EXPECT_EQ(texts, (std::vector<std::string>{"a", "bc"}));
}

TEST(Messages, EncodingWhatWasDecodedGivesTheSameBytes) {
  const auto frames = golden_frames();
  EXPECT_EQ(encode(*decode<Lane>(frames[0])), frames[0]);
  EXPECT_EQ(encode(*decode<Presence>(frames[1])), frames[1]);
  EXPECT_EQ(encode(*decode<Results>(frames[2])), frames[2]);
  EXPECT_EQ(encode(*decode<Receipts>(frames[3])), frames[3]);
  EXPECT_EQ(encode(*decode<Announcement>(frames[4])), frames[4]);
}

TEST(Messages, AnEncodedResultIsTheSameAsTheResult) {
  const Results results = golden_results();
  std::string bytes;
  Writer writer{bytes};
  Result::fields(results.results[0], writer);
  const ResultsOf<EncodedResult> encoded{results.worker, results.name, results.batch, {{bytes}}};
  EXPECT_EQ(encode(encoded), encode(results));
}

TEST(Messages, CutShortAnywhereDoNotDecode) {
  for (const std::string& frame : golden_frames()) {
    for (std::size_t length = 0; length < frame.size(); ++length) {
      EXPECT_FALSE(decodes(frame.substr(0, length))) << length;
    }
  }
}

TEST(Messages, WithOneByteTooManyDoNotDecode) {
  for (const std::string& frame : golden_frames()) EXPECT_FALSE(decodes(frame + '\0'));
}

TEST(Messages, OfAnotherVersionOrKindDoNotDecode) {
  for (const std::string& frame : golden_frames()) {
    std::string other = frame;
    other[1] = 2;
    EXPECT_FALSE(decodes(other));
    other = frame;
    other[2] = 77;
    EXPECT_FALSE(decodes(other));
  }
}

// Whatever the bytes are, decoding ends, stays inside them, and what it accepts it can encode
// again.
TEST(Messages, OfRandomBytesAreDroppedOrSound) {
  std::mt19937 random(1);
  const auto frames = golden_frames();
  for (int round = 0; round < 200'000; ++round) {
    std::string frame = frames[random() % frames.size()];
    for (auto changes = random() % 4 + 1; changes > 0; --changes) {
      frame[random() % frame.size()] = static_cast<char>(random());
    }
    if (const auto lane = decode<Lane>(frame)) {
      EXPECT_EQ(encode(*lane), frame);
    } else if (const auto presence = decode<Presence>(frame)) {
      EXPECT_EQ(encode(*presence), frame);
    } else if (const auto results = decode<Results>(frame)) {
      EXPECT_EQ(encode(*results), frame);
    } else if (const auto receipts = decode<Receipts>(frame)) {
      EXPECT_EQ(encode(*receipts), frame);
    } else if (const auto announcement = decode<Announcement>(frame)) {
      EXPECT_EQ(encode(*announcement), frame);
    }
  }
}

TEST(Messages, WithAHugeCountDoNotTakeMemoryForIt) {
  std::string frame = encode(Receipts{VentilatorId{1}, BatchId{1}, false, {}});
  frame.replace(frame.size() - 4, 4, "\xff\xff\xff\xff");
  EXPECT_FALSE(decode<Receipts>(frame));
}

TEST(Messages, WithFewerTextsThanTasksDoNotDecode) {
  Lane lane = golden_lane();
  lane.tasks[0].ids.count = 3;
  EXPECT_FALSE(decode<Lane>(encode(lane)));
}

TEST(Messages, WithValuesOutOfBoundsDoNotDecode) {
  Results results = golden_results();
  results.results[0].ended = results.results[0].started - 1;
  EXPECT_FALSE(decode<Results>(encode(results)));
  results.results[0].started = -1;
  results.results[0].ended = kMaxNanoseconds;
  EXPECT_FALSE(decode<Results>(encode(results)));
  results.results[0].started = 0;
  EXPECT_TRUE(decode<Results>(encode(results)));
  ++results.results[0].ended;
  EXPECT_FALSE(decode<Results>(encode(results)));

  Receipts receipts = golden_receipts();
  receipts.receipts[0].ids = {0, 1};
  EXPECT_FALSE(decode<Receipts>(encode(receipts)));
  receipts.receipts[0].ids = {1, 0};
  EXPECT_FALSE(decode<Receipts>(encode(receipts)));
  receipts.receipts[0].ids = {1ULL << 63, 1ULL << 63};
  EXPECT_FALSE(decode<Receipts>(encode(receipts)));

  Announcement announcement = golden_announcement();
  announcement.state = BatchState{4};
  EXPECT_FALSE(decode<Announcement>(encode(announcement)));
  announcement = golden_announcement();
  announcement.elapsed = kMaxNanoseconds + 1;
  EXPECT_FALSE(decode<Announcement>(encode(announcement)));
}

TEST(Messages, OfAPresenceNameNoMoreTasksThanAWorkerMayHold) {
  Presence presence = golden_presence();
  presence.running = {{1, kMaxTasks - 2}};
  EXPECT_TRUE(decode<Presence>(encode(presence)));
  presence.finished = {{1, 2}};
  EXPECT_FALSE(decode<Presence>(encode(presence)));
  presence.finished = {{1, 1ULL << 61}, {1, 1ULL << 61}, {1, 1ULL << 61}, {1, 1ULL << 61}};
  EXPECT_FALSE(decode<Presence>(encode(presence)));
}

TEST(Messages, WithANameOrSlotsBeyondTheLimitsDoNotDecode) {
  const std::string name(kMaxNameBytes + 1, 'n');
  Presence presence = golden_presence();
  presence.name = name;
  EXPECT_FALSE(decode<Presence>(encode(presence)));
  presence.name.remove_prefix(1);
  EXPECT_TRUE(decode<Presence>(encode(presence)));
  presence.slots = kMaxSlots + 1;
  EXPECT_FALSE(decode<Presence>(encode(presence)));
}

TEST(Messages, OfTheGuideArePlain) {
  EXPECT_TRUE(is_plain(""));
  EXPECT_TRUE(is_plain("0"));
  EXPECT_TRUE(is_plain(std::string_view("100\0\0", 5)));
  for (const std::string& frame : golden_frames()) EXPECT_FALSE(is_plain(frame));
  EXPECT_FALSE(is_plain("\xD1"));
  EXPECT_FALSE(is_plain(std::string_view("\xD1\x01\x00", 3)));
}

}  // namespace
}  // namespace divvy
