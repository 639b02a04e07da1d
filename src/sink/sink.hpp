// The sink: collects results, prints what the tasks printed, and times the batch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <zmq.hpp>

#include "common/event_loop.hpp"
#include "common/listener.hpp"
#include "common/waiting.hpp"
#include "sink/options.hpp"
#include "sink/refusal.hpp"
#include "sink/resources.hpp"
#include "sink/session.hpp"

namespace divvy::sink {

/// At once, with --stay.
inline constexpr std::size_t kMostBatches = 100;

class Sink {
 public:
  explicit Sink(const Options& options);

  /// Serves one batch, or with --stay all that come, several at once. Returns the exit status.
  int run();

 private:
  /// A batch of the guide's, of which only the completions can be counted.
  struct PlainBatch {
    Time started;
    std::uint64_t completions = 0;
  };

  using Sessions = std::map<BatchId, Session>;  // of the batches that are under way

  void serve();
  void wait();
  void receive();
  void receive(zmq::message_t& message);
  void receive_announcement(const Announcement& announcement, zmq::message_t& message);
  bool accept(Session& session, const Announcement& announcement, zmq::message_t& message);
  Session* begin(const Announcement& announcement, zmq::message_t& message);
  bool make_room();
  [[nodiscard]] std::size_t most_batches() const {
    return resources_.options.stay ? kMostBatches : 1;
  }
  void answer(const Announcement& announcement, zmq::message_t& message, const std::string& why);
  void receive_results(const Results& results, int connection);
  void receive_live_output(const LiveOutput& live, int connection);
  Session* session_of(BatchId batch, int connection, const char* what);
  void receive_plain();
  void receive_other_version(int version, zmq::message_t& message);
  void commit();
  bool end_what_is_over();
  void end(Sessions::iterator session);
  void show_progress();
  void tell_who_is_missing(Time now);

  [[nodiscard]] int status() const;

  EventLoop loop_;
  Resources resources_;
  Listener results_;
  Sessions sessions_;
  Waiting waiting_for_ventilator_;
  std::optional<Refusal> refusal_;
  std::set<int> missed_;  // connections that have brought results of a batch that is still to come
  std::optional<PlainBatch> plain_batch_;
  std::uint64_t failed_ = 0;  // over all batches
  int stops_ = 0;             // how often the user has asked
  bool trouble_ = false;
  bool served_ = false;  // all batches that it was started for are over
};

}  // namespace divvy::sink
