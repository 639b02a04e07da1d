#include "divvy/protocol.hpp"

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
const std::string kTwoOutputs = packed({"o", ""});

Lane golden_lane() {
  return {.worker = WorkerId{0x11},
          .ventilator = VentilatorId{0x22},
          .sequence = 5,
          .batch = BatchId{0x33},
          .settled = {{.ids = {1, 2}, .attempt = 1}},
          .recalled = {{9, 1}},
          .abort = false,
          .live = true,
          .form = TextForm::words,
          .header = "h",
          .tasks = {{.ids = {3, 2}, .attempt = 1, .attempts = 2, .texts = kTwoTexts}}};
}

Presence golden_presence() {
  return {.worker = WorkerId{0x11},
          .name = "w",
          .inbox = "i",
          .lane_port = 6003,
          .slots = 2,
          .workloads = false,
          .pool = "p",
          .command = "c",
          .reaches_sink = true,
          .ventilator = VentilatorId{0x22},
          .sequence = 5,
          .batch = BatchId{0x33},
          .running = {{3, 1}},
          .queued = {{4, 1}},
          .finished = {}};
}

Results golden_results() {
  return {.worker = WorkerId{0x11},
          .name = "w",
          .batch = BatchId{0x33},
          .results = {{.ids = {3, 1},
                       .attempt = 1,
                       .attempts = 2,
                       .slot = 6,
                       .outcome = Outcome::exited,
                       .status = 7,
                       .started = 1000,
                       .ended = 2000,
                       .cpu = 900,
                       .max_rss = 4096,
                       .texts = kOneText,
                       .output = "o",
                       .errors = "e",
                       .reason = ""}}};
}

Receipts golden_receipts() {
  return {.ventilator = VentilatorId{0x22},
          .batch = BatchId{0x33},
          .resumed = true,
          .command = "c",
          .refusal = "",
          .more = true,
          .live = true,
          .receipts = {{.worker = WorkerId{0x11},
                        .ids = {3, 1},
                        .attempt = 1,
                        .verdict = Verdict::retry,
                        .duration = 1000,
                        .digest = 0x44}}};
}

Announcement golden_announcement() {
  return {.ventilator = VentilatorId{0x22},
          .batch = BatchId{0x33},
          .name = "n",
          .feedback = "f",
          .sender = "s",
          .command = "c",
          .state = BatchState::closed,
          .tasks = 4,
          .elapsed = 9,
          .forget_failed = true,
          .workloads = false,
          .workers = 2,
          .slots = 6,
          .busy_slots = 5,
          .time_left = 10,
          .oldest = 3,
          .oldest_age = 8};
}

LiveOutput golden_live_output() {
  return {.worker = WorkerId{0x11},
          .name = "w",
          .batch = BatchId{0x33},
          .fragments = {
              {.id = 3, .attempt = 1, .errors = true, .offset = 2, .text = "a", .lines = "o\n"}}};
}

Results golden_results_of_two() {
  return {.worker = WorkerId{0x11},
          .name = "w",
          .batch = BatchId{0x33},
          .results = {{.ids = {3, 2},
                       .attempt = 1,
                       .attempts = 2,
                       .slot = 6,
                       .outcome = Outcome::exited,
                       .status = 0,
                       .started = 1000,
                       .ended = 2000,
                       .took = {600, 300},
                       .texts = kTwoTexts,
                       .output = kTwoOutputs}}};
}

std::vector<std::string> golden_frames() {
  return {encode(golden_lane()),           encode(golden_presence()), encode(golden_results()),
          encode(golden_results_of_two()), encode(golden_receipts()), encode(golden_announcement()),
          encode(golden_live_output())};
}

bool decodes(std::string_view frame) {
  return decode<Lane>(frame) || decode<Presence>(frame) || decode<Results>(frame) ||
         decode<Receipts>(frame) || decode<Announcement>(frame) || decode<LiveOutput>(frame);
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
  EXPECT_EQ(encode(*decode<Results>(frames[3])), frames[3]);
  EXPECT_EQ(encode(*decode<Receipts>(frames[4])), frames[4]);
  EXPECT_EQ(encode(*decode<Announcement>(frames[5])), frames[5]);
  EXPECT_EQ(encode(*decode<LiveOutput>(frames[6])), frames[6]);
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
    other[1] = kVersion + 1;
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
    } else if (const auto live = decode<LiveOutput>(frame)) {
      EXPECT_EQ(encode(*live), frame);
    }
  }
}

TEST(Messages, WithAHugeCountDoNotTakeMemoryForIt) {
  std::string frame = encode(Receipts{.ventilator = VentilatorId{1}, .batch = BatchId{1}});
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
  announcement.state = BatchState{5};
  EXPECT_FALSE(decode<Announcement>(encode(announcement)));
  announcement = golden_announcement();
  announcement.elapsed = kMaxNanoseconds + 1;
  EXPECT_FALSE(decode<Announcement>(encode(announcement)));
}

TEST(Messages, OfSeveralTasksDecodeOnlyWhereAllBelongsTogether) {
  const auto decodes_with = [](auto change) {
    Results results = golden_results_of_two();
    change(results.results[0]);
    return decode<Results>(encode(results)).has_value();
  };
  EXPECT_TRUE(decodes_with([](Result& result) { result.took = {}; }));
  EXPECT_TRUE(decodes_with([](Result& result) { result.output = ""; }));
  EXPECT_TRUE(decodes_with([](Result& result) { result.took = {700, 300}; }));
  EXPECT_FALSE(decodes_with([](Result& result) { result.took = {700, 301}; }));
  EXPECT_FALSE(decodes_with([](Result& result) { result.took = {~0ULL, 300}; }));
  EXPECT_FALSE(decodes_with([](Result& result) { result.took = {600}; }));
  EXPECT_FALSE(decodes_with([](Result& result) { result.output = kOneText; }));
  EXPECT_FALSE(decodes_with([](Result& result) { result.output = "o"; }));
  EXPECT_FALSE(decodes_with([](Result& result) { result.status = 1; }));
  EXPECT_FALSE(decodes_with([](Result& result) { result.outcome = Outcome::failed; }));
  EXPECT_FALSE(decodes_with([](Result& result) { result.errors = "e"; }));

  Results one = golden_results();
  one.results[0].took = {1000};
  EXPECT_FALSE(decode<Results>(encode(one))) << "for one task its start and end say that";
}

TEST(Messages, OfSeveralTasksAreAResultForEach) {
  std::vector<TaskResult> tasks;
  const auto visit = [&](const TaskResult& task) { tasks.push_back(task); };
  Result result = golden_results_of_two().results[0];
  result.for_each_task(visit);
  ASSERT_EQ(tasks.size(), 2U);
  EXPECT_EQ(tasks[0].id, 3U);
  EXPECT_EQ(tasks[0].text, "a");
  EXPECT_EQ(tasks[0].output, "o");
  EXPECT_EQ(tasks[0].started, 1000);
  EXPECT_EQ(tasks[0].ended, 1600);
  EXPECT_EQ(tasks[1].id, 4U);
  EXPECT_EQ(tasks[1].text, "bc");
  EXPECT_EQ(tasks[1].output, "");
  EXPECT_EQ(tasks[1].started, 1600);
  EXPECT_EQ(tasks[1].ended, 1900);

  tasks.clear();
  result.took = {};
  result.output = "";
  result.for_each_task(visit);
  EXPECT_EQ(tasks[0].ended, 1500) << "all took equally long";
  EXPECT_EQ(tasks[1].output, "");

  tasks.clear();
  golden_results().results[0].for_each_task(visit);
  ASSERT_EQ(tasks.size(), 1U);
  EXPECT_EQ(tasks[0].output, "o");
  EXPECT_EQ(tasks[0].ended, 2000);
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

TEST(Messages, OfSkippedTasksHaveNoTexts) {
  Results results = golden_results();
  results.results[0] = {.ids = {1, 3'000'000}, .outcome = Outcome::skipped};
  EXPECT_TRUE(decode<Results>(encode(results)));
  results.results[0].texts = kOneText;
  EXPECT_FALSE(decode<Results>(encode(results)));
}

TEST(Messages, OfLiveOutputHaveWholeLines) {
  LiveOutput live = golden_live_output();
  live.fragments[0].lines = "o";
  EXPECT_FALSE(decode<LiveOutput>(encode(live)));
}

TEST(Pieces, ComeBackAsTheyWere) {
  const Piece to_read{.name = "f 4+2", .file = "/f", .offset = 4, .size = 2};
  const std::string text = piece_text(to_read);
  ASSERT_TRUE(parse_piece(text));
  EXPECT_EQ(parse_piece(text)->file, "/f");
  EXPECT_EQ(parse_piece(text)->offset, 4U);
  EXPECT_EQ(parse_piece(text)->size, 2U);
  const std::string travels = piece_text({.name = "-", .offset = 4, .size = 2, .data = "a\n"});
  EXPECT_EQ(parse_piece(travels)->data, "a\n");
}

TEST(Pieces, ThatAreNoneAreNotParsed) {
  EXPECT_FALSE(parse_piece(""));
  EXPECT_FALSE(parse_piece("a line"));
  EXPECT_FALSE(parse_piece(piece_text({.size = 3, .data = "a\n"}))) << "not of its size";
  EXPECT_FALSE(parse_piece(piece_text({.file = "/f", .size = 1, .data = "a"}))) << "twice";
  EXPECT_FALSE(parse_piece(piece_text({.size = 1, .data = "a"}) + "b"));
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

// --- other versions
// -------------------------------------------------------------------------------

constexpr std::uint8_t kLaterVersion = kVersion + 1;

// As a program of a later version may send it, whose other fields nobody knows yet.
template <class Message>
std::string introduction_of_later(const Message& message, std::string_view other_fields) {
  std::string frame;
  Writer writer{frame};
  const Header header{.version = kLaterVersion, .kind = Message::kind};
  Header::fields(header, writer);
  Message::introduction(message, writer);
  return frame.append(other_fields);
}

TEST(OtherVersion, IsThatOfANativeMessageOnly) {
  for (std::string frame : golden_frames()) {
    EXPECT_EQ(other_version(frame), std::nullopt);
    frame[1] = kLaterVersion;
    EXPECT_EQ(other_version(frame), kLaterVersion);
    frame[1] = '\xff';
    EXPECT_EQ(other_version(frame), 255);
    frame[1] = 0;
    EXPECT_EQ(other_version(frame), 0);
  }
  EXPECT_EQ(other_version("\xD1\x01"), 1) << "however short it is";
  EXPECT_EQ(other_version("\xD1"), std::nullopt);
  EXPECT_EQ(other_version(""), std::nullopt);
  EXPECT_EQ(other_version("100"), std::nullopt) << "a plain one has no version";
}

TEST(Introduction, OfAPresenceIsTheSameInAllVersions) {
  for (const std::string_view other_fields : {"", "\xff", "fields of another version"}) {
    const std::string frame = introduction_of_later(golden_presence(), other_fields);
    EXPECT_FALSE(decode<Presence>(frame));
    const auto presence = decode_introduction<Presence>(frame);
    ASSERT_TRUE(presence);
    EXPECT_EQ(presence->worker, WorkerId{0x11});
    EXPECT_EQ(presence->name, "w");
    EXPECT_EQ(presence->inbox, "i");
    EXPECT_EQ(presence->lane_port, 0U);
    EXPECT_EQ(presence->slots, 0U);
    EXPECT_TRUE(presence->running.empty());
  }
}

TEST(Introduction, OfAnAnnouncementIsTheSameInAllVersions) {
  for (const std::string_view other_fields : {"", "\xff", "fields of another version"}) {
    const std::string frame = introduction_of_later(golden_announcement(), other_fields);
    EXPECT_FALSE(decode<Announcement>(frame));
    const auto announcement = decode_introduction<Announcement>(frame);
    ASSERT_TRUE(announcement);
    EXPECT_EQ(announcement->ventilator, VentilatorId{0x22});
    EXPECT_EQ(announcement->batch, BatchId{0x33});
    EXPECT_EQ(announcement->name, "n");
    EXPECT_EQ(announcement->feedback, "f");
    EXPECT_EQ(announcement->tasks, 0U);
  }
}

TEST(Introduction, OfThisVersionIsThatOfTheMessage) {
  const auto frames = golden_frames();
  const auto presence = decode_introduction<Presence>(frames[1]);
  ASSERT_TRUE(presence);
  EXPECT_EQ(presence->inbox, "i");
  const auto announcement = decode_introduction<Announcement>(frames[5]);
  ASSERT_TRUE(announcement);
  EXPECT_EQ(announcement->feedback, "f");
}

TEST(Introduction, IsNotThatOfAnotherKind) {
  const std::string presence = introduction_of_later(golden_presence(), "");
  const std::string announcement = introduction_of_later(golden_announcement(), "");
  EXPECT_FALSE(decode_introduction<Announcement>(presence));
  EXPECT_FALSE(decode_introduction<Presence>(announcement));
  for (const std::string& other :
       {encode(golden_lane()), encode(golden_results()), encode(golden_receipts())}) {
    EXPECT_FALSE(decode_introduction<Presence>(other));
    EXPECT_FALSE(decode_introduction<Announcement>(other));
  }
}

TEST(Introduction, OfRubbishIsNone) {
  const std::string presence = introduction_of_later(golden_presence(), "");
  for (std::size_t length = 0; length < presence.size(); ++length) {
    EXPECT_FALSE(decode_introduction<Presence>(presence.substr(0, length))) << length;
  }
  const std::string announcement = introduction_of_later(golden_announcement(), "");
  for (std::size_t length = 0; length < announcement.size(); ++length) {
    EXPECT_FALSE(decode_introduction<Announcement>(announcement.substr(0, length))) << length;
  }
  std::string plain = presence;
  plain[0] = 'x';
  EXPECT_FALSE(decode_introduction<Presence>(plain));
  EXPECT_FALSE(decode_introduction<Presence>("100"));
  EXPECT_FALSE(decode_introduction<Announcement>("\xD1\x02\x05\xff\xff\xff\xff"));
}

TEST(Introduction, HasTheLimitsOfItsMessage) {
  Presence presence = golden_presence();
  presence.worker = WorkerId::none;
  EXPECT_FALSE(decode_introduction<Presence>(introduction_of_later(presence, "")));
  const std::string name(kMaxNameBytes + 1, 'n');
  presence = golden_presence();
  presence.name = name;
  EXPECT_FALSE(decode_introduction<Presence>(introduction_of_later(presence, "")));
  const std::string endpoint(kMaxEndpointBytes + 1, 'e');
  Announcement announcement = golden_announcement();
  announcement.feedback = endpoint;
  EXPECT_FALSE(decode_introduction<Announcement>(introduction_of_later(announcement, "")));
}

}  // namespace
}  // namespace divvy
