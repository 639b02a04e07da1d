// What ventilator, worker and sink say to each other, as docs/protocol.md describes it: how values
// become bytes, the most that a peer can bring, and the six messages.
//
// Each message is one frame: magic 0xD1 | version | kind | fields. Whatever does not start with
// the magic byte is a plain message of the ZeroMQ Guide's pipeline. The structs hold views: of a
// decoded message into its frame, of one to be encoded into the caller's memory. They must not
// outlive it.
#pragma once

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace divvy {

// --- values as bytes --------------------------------------------------------------------------

// Fixed-width integers are little-endian, byte strings and lists have a 32-bit length in front. A
// struct names its fields once, in `fields`; Writer and Reader walk that list, so encoding and
// decoding cannot drift apart.

static_assert(std::endian::native == std::endian::little, "the wire format is little-endian");

template <class T>
concept Scalar = std::integral<T> || std::is_enum_v<T>;

/// Appends values to a byte string.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}

  void operator()(const auto&... values) { (put(values), ...); }

 private:
  void put(Scalar auto value) { out_.append(reinterpret_cast<const char*>(&value), sizeof value); }

  void put(std::string_view bytes) {
    put(static_cast<std::uint32_t>(bytes.size()));
    out_.append(bytes);
  }

  template <class T>
  void put(const std::vector<T>& list) {
    put(static_cast<std::uint32_t>(list.size()));
    if constexpr (Scalar<T>) {
      out_.append(reinterpret_cast<const char*>(list.data()), list.size() * sizeof(T));
    } else {
      for (const T& item : list) T::fields(item, *this);
    }
  }

  std::string& out_;
};

/// Takes values off the front of a byte string. After the first value that does not fit, or that is
/// not valid, ok() is false and nothing more is read. Byte strings are views into the input.
class Reader {
 public:
  explicit Reader(std::string_view in) : in_(in) {}

  void operator()(auto&... values) { (get(values), ...); }

  [[nodiscard]] bool ok() const { return ok_; }
  [[nodiscard]] bool at_end() const { return in_.empty(); }

 private:
  void get(bool& value) {
    std::uint8_t byte = 0;
    get(byte);
    if (byte > 1) return fail();
    value = byte != 0;
  }

  template <Scalar T>
  void get(T& value) {
    if (in_.size() < sizeof value) return fail();
    std::memcpy(&value, in_.data(), sizeof value);
    in_.remove_prefix(sizeof value);
  }

  void get(std::string_view& bytes) {
    std::uint32_t size = 0;
    get(size);
    if (in_.size() < size) return fail();
    bytes = in_.substr(0, size);
    in_.remove_prefix(size);
  }

  // Memory is taken for the items that are there, not for the count that is claimed.
  template <Scalar T>
  void get(std::vector<T>& list) {
    std::uint32_t count = 0;
    get(count);
    const std::size_t size = sizeof(T) * std::size_t{count};
    if (in_.size() < size) return fail();
    list.resize(count);
    if (count > 0) std::memcpy(list.data(), in_.data(), size);
    in_.remove_prefix(size);
  }

  template <class T>
  void get(std::vector<T>& list) {
    std::uint32_t count = 0;
    get(count);
    for (; ok_ && count > 0; --count) {
      T item;
      T::fields(item, *this);
      if (ok_ && !item.valid()) fail();
      if (ok_) list.push_back(item);
    }
  }

  void fail() {
    ok_ = false;
    in_ = {};
  }

  std::string_view in_;
  bool ok_ = true;
};

/// The texts of consecutive tasks are packed: each a 32-bit length and its bytes.
inline void append_text(std::string& packed, std::string_view text) { Writer{packed}(text); }

/// Calls `visit(text)` for each text; false if `packed` is not whole texts to its end.
bool for_each_text(std::string_view packed, auto visit) {
  Reader reader{packed};
  while (!reader.at_end()) {
    std::string_view text;
    reader(text);
    if (reader.ok()) visit(text);
  }
  return reader.ok();
}

inline bool holds_texts(std::string_view packed, std::uint64_t count) {
  std::uint64_t found = 0;
  return for_each_text(packed, [&](std::string_view) { ++found; }) && found == count;
}

// --- limits -----------------------------------------------------------------------------------

// A longer frame closes its connection; a message with a value beyond its limit is dropped.

/// A frame to a socket that only sends, where nothing but ZeroMQ's own commands is expected.
inline constexpr std::uint32_t kMaxCommandBytes = 64 << 10;
/// A frame to an inbox: the texts of several tasks.
inline constexpr std::uint32_t kMaxLaneBytes = 256 << 20;
/// A frame to the ventilator: presence and receipts.
inline constexpr std::uint32_t kMaxFeedbackBytes = 64 << 20;
/// A frame to the sink: a task's text and its two outputs.
inline constexpr std::uint32_t kMaxResultsBytes = 256 << 20;

inline constexpr std::size_t kMaxTextBytes = 32 << 20;
/// Of a piece of the input that travels: its text, which results bring back, is short.
inline constexpr std::size_t kMaxPieceBytes = 128 << 20;
/// Of each of a task's two outputs.
inline constexpr std::size_t kMaxOutputBytes = 100 << 20;
inline constexpr std::size_t kMaxNameBytes = 1024;
inline constexpr std::size_t kMaxEndpointBytes = 512;
/// Of a line for people: a command, the reason of a refusal.
inline constexpr std::size_t kMaxLineBytes = 4096;
inline constexpr std::uint32_t kMaxSlots = 100'000;
/// Tasks in one assignment, one result or one presence, and tasks that a worker holds.
inline constexpr std::uint64_t kMaxTasks = 1 << 20;
/// 146 years; also the latest point in time, which is in 2116.
inline constexpr std::int64_t kMaxNanoseconds = std::int64_t{1} << 62;

// --- kinds of messages ------------------------------------------------------------------------

inline constexpr std::uint8_t kMagic = 0xD1;
inline constexpr std::uint8_t kVersion = 2;

enum class Kind : std::uint8_t { lane = 1, presence, results, receipts, announcement, live_output };

// --- ids --------------------------------------------------------------------------------------

/// Random for each process, so that a restarted process has another id.
enum class WorkerId : std::uint64_t { none = 0 };
enum class VentilatorId : std::uint64_t { none = 0 };
/// Derived from the batch's name, or random: the same name means the same batch.
enum class BatchId : std::uint64_t { none = 0 };
/// A task's place in its batch: 1 for the first line of the input.
using TaskId = std::uint64_t;

/// The consecutive ids first, first + 1, ... up to, but without, end().
struct Range {
  TaskId first = 1;
  std::uint64_t count = 1;

  [[nodiscard]] TaskId end() const { return first + count; }
  [[nodiscard]] bool contains(TaskId id) const { return id >= first && id < end(); }
  /// For a message: ids start at 1, and the end can be represented with room to spare. A count of
  /// 0, which elsewhere means none, is not valid.
  [[nodiscard]] bool valid() const {
    constexpr std::uint64_t limit = std::uint64_t{1} << 62;
    return first >= 1 && count >= 1 && first < limit && count < limit;
  }
  friend bool operator==(const Range&, const Range&) = default;

  static void fields(auto& self, auto& io) { io(self.first, self.count); }
};

/// Whether the lists together name no more tasks than a message may.
inline bool few_tasks(const auto&... lists) {
  std::uint64_t tasks = 0;
  const auto few = [&](Range ids) { return (tasks += ids.count) <= kMaxTasks; };
  return (std::all_of(lists.begin(), lists.end(), few) && ...);
}

// --- ventilator to worker ---------------------------------------------------------------------

/// Consecutive tasks to run. `attempt` is 1 the first time; a task that fails in its last attempt
/// (attempt >= attempts) has failed for good. `texts`: packed, as many as ids.
struct Assignment {
  Range ids{};
  std::uint32_t attempt = 1;
  std::uint32_t attempts = 1;
  std::string_view texts{};

  [[nodiscard]] bool valid() const {
    return ids.valid() && ids.count <= kMaxTasks && holds_texts(texts, ids.count);
  }
  friend bool operator==(const Assignment&, const Assignment&) = default;
  static void fields(auto& self, auto& io) {
    Range::fields(self.ids, io);
    io(self.attempt, self.attempts, self.texts);
  }
};

/// What the texts of a batch's tasks are.
enum class TextForm : std::uint8_t {
  line,   // the task, as it is
  words,  // several values, quoted and separated by blanks as for a POSIX shell
  piece,  // a Piece of the input, for the task's standard input
};

/// A piece of the input, as a task's text. In its result the text is `name` alone.
struct Piece {
  std::string_view name{};   // for people
  std::string_view file{};   // to be read by the worker itself; empty: the bytes are in `data`
  std::uint64_t offset = 0;  // in the file
  std::uint64_t size = 0;
  std::string_view data{};

  [[nodiscard]] bool valid() const {
    return name.size() <= kMaxLineBytes && (file.empty() ? size == data.size() : data.empty());
  }
  static void fields(auto& self, auto& io) {
    io(self.name, self.file, self.offset, self.size, self.data);
  }
};

std::string piece_text(const Piece& piece);
/// Nothing, if the text is not exactly one valid piece.
std::optional<Piece> parse_piece(std::string_view text);

/// Stands for whichever attempt there was.
inline constexpr std::uint32_t kAnyAttempt = 0;

/// The worker may forget its results of this attempt: each has a receipt, or will never get one.
struct Settled {
  Range ids{};
  std::uint32_t attempt = 1;

  [[nodiscard]] bool valid() const { return ids.valid(); }
  friend bool operator==(const Settled&, const Settled&) = default;
  static void fields(auto& self, auto& io) {
    Range::fields(self.ids, io);
    io(self.attempt);
  }
};

/// All that a ventilator says to a worker. `sequence` grows from message to message, from 1.
struct Lane {
  static constexpr Kind kind = Kind::lane;
  WorkerId worker{};
  VentilatorId ventilator{};
  std::uint64_t sequence = 0;
  BatchId batch{};
  std::vector<Settled> settled{};
  std::vector<Range> recalled{};  // give back what of these is only queued
  bool abort = false;             // kill what runs
  bool live = false;              // send what tasks print while they run
  TextForm form = TextForm::line;
  std::string_view
      header{};  // a text of that form, which names the columns; empty: none has a name
  std::vector<Assignment> tasks{};

  [[nodiscard]] bool valid() const {
    return worker != WorkerId::none && ventilator != VentilatorId::none && sequence > 0 &&
           form <= TextForm::piece;
  }
  static void fields(auto& self, auto& io) {
    io(self.worker, self.ventilator, self.sequence, self.batch);
    io(self.settled, self.recalled, self.abort, self.live, self.form, self.header, self.tasks);
  }
};

// --- worker to ventilator ---------------------------------------------------------------------

/// A worker's whole state after the lane messages up to `sequence`. A task that was sent by then
/// and is in none of the three lists is not with this worker. No slots: it is leaving.
struct Presence {
  static constexpr Kind kind = Kind::presence;
  WorkerId worker{};
  std::string_view name{};      // for people
  std::string_view inbox{};     // endpoint; empty: the ventilator cannot connect to it
  std::uint16_t lane_port = 0;  // of the ventilator's that it has connected to; 0: of none
  std::uint32_t slots = 0;
  bool workloads = false;      // tasks are milliseconds to sleep
  std::string_view pool{};     // it works for ventilators of the same pool only
  std::string_view command{};  // what it runs, for people; empty: no command
  bool reaches_sink = false;   // it has a connection to the sink
  VentilatorId ventilator{};   // whose messages it acts on; none: nobody's yet
  std::uint64_t sequence = 0;  // of the last one
  BatchId batch{};
  std::vector<Range> running{};
  std::vector<Range> queued{};
  std::vector<Range> finished{};  // their results are not settled yet

  [[nodiscard]] bool valid() const {
    return worker != WorkerId::none && name.size() <= kMaxNameBytes &&
           inbox.size() <= kMaxEndpointBytes && slots <= kMaxSlots &&
           pool.size() <= kMaxNameBytes && command.size() <= kMaxLineBytes &&
           few_tasks(running, queued, finished);
  }
  static void introduction(auto& self, auto& io) { io(self.worker, self.name, self.inbox); }
  static void fields(auto& self, auto& io) {
    introduction(self, io);
    io(self.lane_port, self.slots, self.workloads, self.pool, self.command, self.reaches_sink);
    io(self.ventilator, self.sequence, self.batch);
    io(self.running, self.queued, self.finished);
  }
};

// --- worker to sink ---------------------------------------------------------------------------

enum class Outcome : std::uint8_t {
  slept,        // a workload, slept through
  exited,       // status: the exit status, 0 is success
  signalled,    // status: the signal's number
  failed,       // could not be run: reason
  timed_out,    // killed for taking too long
  lost,         // with the workers that ran it: reason
  interrupted,  // killed, for its worker leaves at once: no result, only what it has printed
  skipped,      // not run, since its text has succeeded in an earlier batch; from the ventilator
};

/// How an attempt at one task ended, or at several that were run one after the other in a slot and
/// have all succeeded, without a word on standard error. `started` and `ended`: nanoseconds since
/// 1970, UTC. `slot`: the worker's number of it, 0 if it had none. Skipped tasks have no texts.
struct Result {
  Range ids{};
  std::uint32_t attempt = 1;
  std::uint32_t attempts = 1;
  std::uint32_t slot = 0;
  Outcome outcome = Outcome::slept;
  std::int32_t status = 0;
  std::int64_t started = 0;
  std::int64_t ended = 0;
  std::vector<std::uint64_t> took{};  // nanoseconds of each of several; empty: all equally long
  std::uint64_t cpu = 0;              // nanoseconds, of user and system; 0: not known
  std::uint64_t max_rss = 0;          // bytes: the largest resident set; 0: not known
  std::string_view texts{};           // packed
  std::string_view output{};          // of several: packed, too; empty: none
  std::string_view errors{};
  std::string_view reason{};

  [[nodiscard]] bool succeeded() const {
    return outcome == Outcome::slept || (outcome == Outcome::exited && status == 0);
  }
  /// Not to be tried again.
  [[nodiscard]] bool final() const { return succeeded() || attempt >= attempts; }
  [[nodiscard]] bool valid() const {
    const bool in_time = started >= 0 && started <= ended && ended <= kMaxNanoseconds;
    if (!ids.valid() || outcome > Outcome::skipped || !in_time || cpu > kMaxNanoseconds)
      return false;
    if (outcome == Outcome::skipped) return took.empty() && texts.empty() && output.empty();
    return holds_texts(texts, ids.count) && (ids.count == 1 ? took.empty() : valid_of_several());
  }
  [[nodiscard]] bool valid_of_several() const {
    const bool all_have_output = output.empty() || holds_texts(output, ids.count);
    return ids.count <= kMaxTasks && succeeded() && errors.empty() && all_have_output &&
           valid_times();
  }
  /// Together they are no longer than all of it.
  [[nodiscard]] bool valid_times() const {
    auto left = static_cast<std::uint64_t>(ended - started);
    const auto fits = [&](std::uint64_t each) {
      if (each > left) return false;
      left -= each;
      return true;
    };
    return took.empty() ||
           (took.size() == ids.count && std::all_of(took.begin(), took.end(), fits));
  }
  /// Calls `visit(task)` for each of its tasks, as a result of that one alone.
  void for_each_task(auto visit) const;
  static void fields(auto& self, auto& io) {
    Range::fields(self.ids, io);
    io(self.attempt, self.attempts, self.slot, self.outcome, self.status);
    io(self.started, self.ended, self.took, self.cpu, self.max_rss);
    io(self.texts, self.output, self.errors, self.reason);
  }
};

/// One task of a result.
struct TaskResult {
  TaskId id = 0;
  std::string_view text{};
  std::string_view output{};
  std::int64_t started = 0;
  std::int64_t ended = 0;
};

void Result::for_each_task(auto visit) const {
  const bool several = ids.count > 1;
  const std::uint64_t equally = static_cast<std::uint64_t>(ended - started) / ids.count;
  Reader outputs{several ? output : ""};
  TaskResult task{.id = ids.first, .output = output, .ended = started};
  std::size_t index = 0;
  for_each_text(texts, [&](std::string_view text) {
    task.text = text;
    if (several) outputs(task.output);
    task.started = task.ended;
    task.ended += static_cast<std::int64_t>(took.empty() ? equally : took[index]);
    visit(task);
    ++task.id;
    ++index;
  });
}

struct Results {
  static constexpr Kind kind = Kind::results;
  WorkerId worker{};        // none: the ventilator made these
  std::string_view name{};  // of the worker, for people
  BatchId batch{};
  std::vector<Result> results{};

  [[nodiscard]] bool valid() const { return name.size() <= kMaxNameBytes; }
  static void fields(auto& self, auto& io) { io(self.worker, self.name, self.batch, self.results); }
};

/// Whole lines that a task has printed on one of its outputs while it runs. They may get lost: its
/// result brings them again.
struct Fragment {
  TaskId id = 0;
  std::uint32_t attempt = 1;
  bool errors = false;       // standard error, not standard output
  std::uint64_t offset = 0;  // of `lines` in that output
  std::string_view text{};   // the task's
  std::string_view lines{};  // each ends with a newline

  [[nodiscard]] bool valid() const { return id >= 1 && lines.ends_with('\n'); }
  static void fields(auto& self, auto& io) {
    io(self.id, self.attempt, self.errors, self.offset, self.text, self.lines);
  }
};

struct LiveOutput {
  static constexpr Kind kind = Kind::live_output;
  WorkerId worker{};
  std::string_view name{};  // of the worker, for people
  BatchId batch{};
  std::vector<Fragment> fragments{};

  [[nodiscard]] bool valid() const {
    return worker != WorkerId::none && name.size() <= kMaxNameBytes;
  }
  static void fields(auto& self, auto& io) {
    io(self.worker, self.name, self.batch, self.fragments);
  }
};

// --- sink to ventilator -----------------------------------------------------------------------

enum class Verdict : std::uint8_t {
  succeeded,  // recorded
  failed,     // recorded
  retry,      // this attempt failed and another one is allowed
};

/// `duration`: nanoseconds that the tasks took together. `digest`: of their texts, 0 where it was
/// not made.
struct Receipt {
  WorkerId worker{};  // none: recorded earlier, by whomever
  Range ids{};
  std::uint32_t attempt = 1;
  Verdict verdict = Verdict::succeeded;
  std::uint64_t duration = 0;
  std::uint64_t digest = 0;

  [[nodiscard]] bool valid() const { return ids.valid() && verdict <= Verdict::retry; }
  static void fields(auto& self, auto& io) {
    io(self.worker);
    Range::fields(self.ids, io);
    io(self.attempt, self.verdict, self.duration, self.digest);
  }
};

/// None at all: "I am here, and have nothing of this batch".
struct Receipts {
  static constexpr Kind kind = Kind::receipts;
  VentilatorId ventilator{};  // the addressee
  BatchId batch{};
  bool resumed = false;        // the batch was begun by an earlier ventilator
  std::string_view command{};  // what it was run with, as recorded; empty: not known
  std::string_view refusal{};  // why the sink does not serve the batch; empty: it does
  bool more = false;           // of what is recorded follows
  bool live = false;           // it wants to have what tasks print while they run
  std::vector<Receipt> receipts{};

  [[nodiscard]] bool valid() const {
    return ventilator != VentilatorId::none && command.size() <= kMaxLineBytes &&
           refusal.size() <= kMaxLineBytes;
  }
  static void fields(auto& self, auto& io) {
    io(self.ventilator, self.batch, self.resumed, self.command, self.refusal, self.more);
    io(self.live, self.receipts);
  }
};

// --- ventilator to sink -----------------------------------------------------------------------

enum class BatchState : std::uint8_t {
  open,      // more tasks may come
  closed,    // `tasks` is the number of tasks
  complete,  // and all of them have a receipt
  stopped,   // the ventilator leaves with tasks undone
  stopping,  // no more is handed out, what runs is waited for
};

struct Announcement {
  static constexpr Kind kind = Kind::announcement;
  VentilatorId ventilator{};
  BatchId batch{};
  std::string_view name{};
  std::string_view feedback{};  // endpoint: where receipts go
  std::string_view sender{};    // the ventilator, for people
  std::string_view command{};   // what the workers run, for people; empty: not known yet
  BatchState state = BatchState::open;
  std::uint64_t tasks = 0;       // so far
  std::uint64_t elapsed = 0;     // nanoseconds since the first task was handed out, 0: none was
  bool forget_failed = false;    // failed tasks are to be run again
  bool workloads = false;        // tasks are milliseconds to sleep
  std::uint32_t workers = 0;     // that are there
  std::uint64_t slots = 0;       // of these
  std::uint64_t busy_slots = 0;  // of these slots
  std::uint64_t time_left =
      0;              // nanoseconds until the batch is over, as is to be expected; 0: not known
  TaskId oldest = 0;  // of the tasks that run the one that has run longest; 0: none
  std::uint64_t oldest_age = 0;  // nanoseconds for which it has run

  [[nodiscard]] bool valid() const {
    return ventilator != VentilatorId::none && state <= BatchState::stopping &&
           elapsed <= kMaxNanoseconds && time_left <= kMaxNanoseconds &&
           oldest_age <= kMaxNanoseconds && name.size() <= kMaxNameBytes &&
           feedback.size() <= kMaxEndpointBytes && sender.size() <= kMaxNameBytes &&
           command.size() <= kMaxLineBytes;
  }
  static void introduction(auto& self, auto& io) {
    io(self.ventilator, self.batch, self.name, self.feedback);
  }
  static void fields(auto& self, auto& io) {
    introduction(self, io);
    io(self.sender, self.command, self.state, self.tasks, self.elapsed, self.forget_failed);
    io(self.workloads, self.workers, self.slots, self.busy_slots);
    io(self.time_left, self.oldest, self.oldest_age);
  }
};

// --- frames -----------------------------------------------------------------------------------

/// Whether it is a message of the guide's. A native one may still fail to decode.
inline bool is_plain(std::string_view frame) {
  return frame.empty() || static_cast<std::uint8_t>(frame[0]) != kMagic;
}

/// What starts each frame of this version.
struct Header {
  std::uint8_t magic = kMagic;
  std::uint8_t version = kVersion;
  Kind kind{};

  friend bool operator==(const Header&, const Header&) = default;
  static void fields(auto& self, auto& io) { io(self.magic, self.version, self.kind); }
};

template <class Message>
std::string encode(const Message& message) {
  std::string frame;
  Writer writer{frame};
  const Header header{.kind = Message::kind};
  Header::fields(header, writer);
  Message::fields(message, writer);
  return frame;
}

/// Nothing, if the frame is not exactly one valid message of this kind.
template <class Message>
std::optional<Message> decode(std::string_view frame) {
  Reader reader{frame};
  Header header;
  Header::fields(header, reader);
  if (!reader.ok() || header != Header{.kind = Message::kind}) return {};
  Message message;
  Message::fields(message, reader);
  if (!reader.ok() || !reader.at_end() || !message.valid()) return {};
  return message;
}

/// The version of a frame that is a native message of another version than ours.
inline std::optional<std::uint8_t> other_version(std::string_view frame) {
  if (is_plain(frame) || frame.size() < 2) return {};
  const auto version = static_cast<std::uint8_t>(frame[1]);
  return version == kVersion ? std::nullopt : std::optional(version);
}

/// Decodes the first fields of a Presence or an Announcement, which every version has; the others
/// keep their defaults.
template <class Message>
std::optional<Message> decode_introduction(std::string_view frame) {
  Reader reader{frame};
  Header header;
  Header::fields(header, reader);
  Message message;
  Message::introduction(message, reader);
  const bool introduced = header.magic == kMagic && header.kind == Message::kind;
  if (!reader.ok() || !introduced || !message.valid()) return {};
  return message;
}

// --- pieces -----------------------------------------------------------------------------------

inline std::string piece_text(const Piece& piece) {
  std::string text;
  Writer writer{text};
  Piece::fields(piece, writer);
  return text;
}

inline std::optional<Piece> parse_piece(std::string_view text) {
  Reader reader{text};
  Piece piece;
  Piece::fields(piece, reader);
  if (!reader.ok() || !reader.at_end() || !piece.valid()) return {};
  return piece;
}

}  // namespace divvy
