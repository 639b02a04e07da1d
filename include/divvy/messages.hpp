// The five messages of divvy, as docs/protocol.md describes them. Each is one frame:
//
//   magic 0xD1 | version 1 | kind | fields
//
// Whatever does not start with the magic byte is a plain message of the ZeroMQ Guide's pipeline.
// The structs hold views: of a decoded message into its frame, of one to be encoded into memory of
// the caller's. They must not outlive it.
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "divvy/limits.hpp"
#include "divvy/ranges.hpp"
#include "divvy/texts.hpp"
#include "divvy/wire.hpp"

namespace divvy {

inline constexpr std::uint8_t kMagic = 0xD1;
inline constexpr std::uint8_t kVersion = 1;

enum class Kind : std::uint8_t { lane = 1, presence, results, receipts, announcement };

/// Random for each process, so that a restarted one is told from its former self.
enum class WorkerId : std::uint64_t { none = 0 };
enum class VentilatorId : std::uint64_t { none = 0 };
/// Derived from the batch's name, or random: the same name means the same batch.
enum class BatchId : std::uint64_t { none = 0 };

// --- ventilator to worker ---------------------------------------------------------------------

/// Consecutive tasks to run. `attempt` is 1 the first time; a task that fails in its last attempt
/// (attempt >= attempts) has failed for good.
struct TaskRun {
  Range ids;
  std::uint32_t attempt = 1;
  std::uint32_t attempts = 1;
  std::string_view texts;

  [[nodiscard]] bool valid() const {
    return ids.valid() && ids.count <= kMaxTasks && holds_texts(texts, ids.count);
  }
  static void fields(auto& self, auto& io) {
    Range::fields(self.ids, io);
    io(self.attempt, self.attempts, self.texts);
  }
};

/// Stands for whichever attempt there was.
inline constexpr std::uint32_t kAnyAttempt = 0;

/// "The results of this attempt are recorded": the worker need not keep them any longer.
struct Settled {
  Range ids;
  std::uint32_t attempt = 1;

  [[nodiscard]] bool valid() const { return ids.valid(); }
  friend bool operator==(const Settled&, const Settled&) = default;
  static void fields(auto& self, auto& io) {
    Range::fields(self.ids, io);
    io(self.attempt);
  }
};

/// All that a ventilator says to a worker. `sequence` counts a worker's lane messages from 1.
struct Lane {
  static constexpr Kind kind = Kind::lane;
  WorkerId worker{};
  VentilatorId ventilator{};
  std::uint64_t sequence = 0;
  BatchId batch{};
  std::vector<Settled> settled;
  std::vector<Range> recalled;  // give back what of these is only queued
  bool abort = false;           // kill what runs
  std::vector<TaskRun> tasks;

  [[nodiscard]] bool valid() const {
    return worker != WorkerId::none && ventilator != VentilatorId::none && sequence > 0;
  }
  static void fields(auto& self, auto& io) {
    io(self.worker, self.ventilator, self.sequence, self.batch);
    io(self.settled, self.recalled, self.abort, self.tasks);
  }
};

// --- worker to ventilator ---------------------------------------------------------------------

/// Whether the lists together name no more tasks than a message may.
inline bool few_tasks(const auto&... lists) {
  std::uint64_t tasks = 0;
  const auto few = [&](Range ids) { return (tasks += ids.count) <= kMaxTasks; };
  const auto all_few = [&](const std::vector<Range>& list) {
    return std::all_of(list.begin(), list.end(), few);
  };
  return (all_few(lists) && ...);
}

/// A worker's whole state, having seen its lane up to `sequence`. A task that was sent by then and
/// is in none of the three lists is not with this worker. No slots: it is leaving.
struct Presence {
  static constexpr Kind kind = Kind::presence;
  WorkerId worker{};
  std::string_view name;   // for people: host:pid
  std::string_view inbox;  // endpoint
  std::uint32_t slots = 0;
  bool sleeps = false;  // has no command: tasks are workloads in msec
  VentilatorId ventilator{};
  std::uint64_t sequence = 0;
  BatchId batch{};
  std::vector<Range> running;
  std::vector<Range> queued;
  std::vector<Range> finished;  // result sent, not settled yet

  [[nodiscard]] bool valid() const {
    return worker != WorkerId::none && name.size() <= kMaxNameBytes &&
           inbox.size() <= kMaxEndpointBytes && slots <= kMaxSlots &&
           few_tasks(running, queued, finished);
  }
  static void fields(auto& self, auto& io) {
    io(self.worker, self.name, self.inbox, self.slots, self.sleeps);
    io(self.ventilator, self.sequence, self.batch, self.running, self.queued, self.finished);
  }
};

// --- worker to sink ---------------------------------------------------------------------------

enum class Outcome : std::uint8_t {
  slept,      // a workload, slept through
  exited,     // status: the exit status, 0 is success
  signalled,  // status: the signal's number
  failed,     // could not be run: reason
  timed_out,  // killed for taking too long
  lost,       // given up: reason
};

/// Whether something can have begun and ended at these times, in nanoseconds.
inline bool is_span(std::int64_t from, std::int64_t to) {
  return from >= 0 && from <= to && to <= kMaxNanoseconds;
}

/// How an attempt at one task ended; `ids.count` > 1 only for workloads that took no time, one
/// after the other. `started` and `ended`: nanoseconds since 1970, UTC.
struct Result {
  Range ids;
  std::uint32_t attempt = 1;
  std::uint32_t attempts = 1;
  Outcome outcome = Outcome::slept;
  std::int32_t status = 0;
  std::int64_t started = 0;
  std::int64_t ended = 0;
  std::string_view texts;
  std::string_view output;
  std::string_view errors;
  std::string_view reason;

  [[nodiscard]] bool succeeded() const {
    return outcome == Outcome::slept || (outcome == Outcome::exited && status == 0);
  }
  /// Not to be tried again.
  [[nodiscard]] bool final() const { return succeeded() || attempt >= attempts; }
  [[nodiscard]] bool valid() const {
    return ids.valid() && outcome <= Outcome::lost && is_span(started, ended) &&
           ids.count <= (outcome == Outcome::slept ? kMaxTasks : 1) &&
           holds_texts(texts, ids.count);
  }
  static void fields(auto& self, auto& io) {
    Range::fields(self.ids, io);
    io(self.attempt, self.attempts, self.outcome, self.status, self.started, self.ended);
    io(self.texts, self.output, self.errors, self.reason);
  }
};

/// A result that was encoded beforehand; to be sent only.
struct EncodedResult {
  std::string_view bytes;
  static void fields(auto& self, auto& io) { io.raw(self.bytes); }
};

template <class AnyResult>
struct ResultsOf {
  static constexpr Kind kind = Kind::results;
  WorkerId worker{};
  std::string_view name;
  BatchId batch{};
  std::vector<AnyResult> results;

  [[nodiscard]] bool valid() const { return name.size() <= kMaxNameBytes; }
  static void fields(auto& self, auto& io) { io(self.worker, self.name, self.batch, self.results); }
};
using Results = ResultsOf<Result>;

// --- sink to ventilator -----------------------------------------------------------------------

enum class Verdict : std::uint8_t {
  succeeded,  // recorded
  failed,     // recorded
  retry,      // this attempt failed and another one is allowed
};

/// `busy`: nanoseconds that the run of tasks took together. `digest`: of their texts, 0 where it
/// was not made.
struct Receipt {
  WorkerId worker{};  // none: recorded earlier, by whomever
  Range ids;
  std::uint32_t attempt = 1;
  Verdict verdict = Verdict::succeeded;
  std::uint64_t busy = 0;
  std::uint64_t digest = 0;

  [[nodiscard]] bool valid() const { return ids.valid() && verdict <= Verdict::retry; }
  static void fields(auto& self, auto& io) {
    io(self.worker);
    Range::fields(self.ids, io);
    io(self.attempt, self.verdict, self.busy, self.digest);
  }
};

/// None at all: "I am here, and have nothing of this batch".
struct Receipts {
  static constexpr Kind kind = Kind::receipts;
  VentilatorId ventilator{};  // the addressee
  BatchId batch{};
  bool resumed = false;  // the batch was begun by an earlier ventilator
  std::vector<Receipt> receipts;

  [[nodiscard]] bool valid() const { return ventilator != VentilatorId::none; }
  static void fields(auto& self, auto& io) {
    io(self.ventilator, self.batch, self.resumed, self.receipts);
  }
};

// --- ventilator to sink -----------------------------------------------------------------------

enum class BatchState : std::uint8_t {
  open,      // more tasks may come
  closed,    // `tasks` is the number of tasks
  complete,  // and all of them have a receipt
  stopped,   // the ventilator leaves with tasks undone
};

struct Announcement {
  static constexpr Kind kind = Kind::announcement;
  VentilatorId ventilator{};
  BatchId batch{};
  std::string_view name;
  std::string_view feedback;  // endpoint: where receipts go
  BatchState state = BatchState::open;
  std::uint64_t tasks = 0;     // so far
  std::uint64_t elapsed = 0;   // nanoseconds since the first task was handed out, 0: none was
  bool forget_failed = false;  // failed tasks are to be run again
  bool sleeps = false;         // tasks are workloads in msec
  std::uint32_t workers = 0;   // that are there
  std::uint64_t slots = 0;     // of these
  std::uint64_t busy = 0;      // of these slots

  [[nodiscard]] bool valid() const {
    return ventilator != VentilatorId::none && state <= BatchState::stopped &&
           elapsed <= kMaxNanoseconds && name.size() <= kMaxNameBytes &&
           feedback.size() <= kMaxEndpointBytes;
  }
  static void fields(auto& self, auto& io) {
    io(self.ventilator, self.batch, self.name, self.feedback);
    io(self.state, self.tasks, self.elapsed, self.forget_failed);
    io(self.sleeps, self.workers, self.slots, self.busy);
  }
};

// --- frames -----------------------------------------------------------------------------------

/// Whether it is a message of the guide's. A native one may still fail to decode.
inline bool is_plain(std::string_view frame) {
  return frame.empty() || static_cast<std::uint8_t>(frame[0]) != kMagic;
}

template <class Message>
std::string encode(const Message& message) {
  std::string frame;
  Writer writer{frame};
  writer(kMagic, kVersion, Message::kind);
  Message::fields(message, writer);
  return frame;
}

/// Nothing, if the frame is not exactly one valid message of this kind.
template <class Message>
std::optional<Message> decode(std::string_view frame) {
  Reader reader{frame};
  std::uint8_t magic = 0;
  std::uint8_t version = 0;
  Kind kind{};
  reader(magic, version, kind);
  if (!reader.ok() || magic != kMagic || version != kVersion || kind != Message::kind) return {};
  Message message;
  Message::fields(message, reader);
  if (!reader.ok() || !reader.at_end()) return {};
  if constexpr (requires { message.valid(); }) {
    if (!message.valid()) return {};
  }
  return message;
}

}  // namespace divvy
