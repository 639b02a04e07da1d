#include "sink/sink.hpp"

#include <fmt/format.h>

#include <iterator>
#include <stdexcept>
#include <utility>

#include "common/clock.hpp"
#include "common/message.hpp"
#include "common/peer_endpoint.hpp"
#include "common/program.hpp"
#include "sink/rules/room.hpp"

namespace divvy::sink {

Sink::Sink(const Options& options)
    : resources_(options),
      results_(resources_.context, make_pull(resources_.context, kMaxResultsBytes),
               options.common.endpoints.results, kQuickHeartbeat) {
  resources_.open_files();
  resources_.log.debug(fmt::format("results on {}", results_.endpoint()));
}

int Sink::run() {
  try {
    serve();
  } catch (const ReaderGone&) {
    return kExitTrouble;
  }
  return status();
}

void Sink::serve() {
  while (!served_) {
    wait();
    receive();
    commit();
    const bool lingers = end_what_is_over();
    if (stops_ > 0 && !lingers) break;
    show_progress();
    tell_who_is_missing(now());
    if (refusal_) refusal_->send(resources_.log);
  }
  trouble_ = trouble_ || !served_;
  while (!sessions_.empty()) end(sessions_.begin());
}

void Sink::wait() {
  resources_.context.add_to(loop_);
  results_.add_to(loop_);
  if (refusal_) refusal_->add_to(loop_);
  for (auto& [batch, session] : sessions_) session.add_to(loop_);
  if (!resources_.console.mid_line()) loop_.wake_at(resources_.progress.deadline());
  loop_.wake_at(waiting_for_ventilator_.deadline());
  stops_ += loop_.wait();
}

// --- what is heard ------------------------------------------------------------------------------

void Sink::receive() {
  resources_.context.authenticate();
  for (const int connection : results_.events(resources_.log).disconnected) {
    for (auto& [batch, session] : sessions_) session.disconnected(connection);
    missed_.erase(connection);
  }
  for (const TimeSlice slice; !slice.over() && !served_;) {
    auto message = results_.receive();
    if (!message) return;
    receive(*message);
  }
}

void Sink::receive(zmq::message_t& message) {
  const std::string_view frame = view(message);
  if (is_plain(frame)) return receive_plain();
  if (const auto announcement = decode<Announcement>(frame)) {
    return receive_announcement(*announcement, message);
  }
  if (const auto results = decode<Results>(frame)) {
    return receive_results(*results, connection_of(message));
  }
  if (const auto live = decode<LiveOutput>(frame)) {
    return receive_live_output(*live, connection_of(message));
  }
  if (const auto version = other_version(frame)) return receive_other_version(*version, message);
  resources_.log.dropped("a message that is neither results nor an announcement");
}

void Sink::receive_results(const Results& results, int connection) {
  Session* const session = session_of(results.batch, connection, "results of another batch");
  if (session != nullptr) session->receive(results, connection);
}

void Sink::receive_live_output(const LiveOutput& live, int connection) {
  if (!resources_.options.live) return;  // the sink before this one wanted it
  Session* const session = session_of(live.batch, connection, "live output of another batch");
  if (session != nullptr) session->receive(live);
}

// None if it is not under way; `what` is dropped then.
Session* Sink::session_of(BatchId batch, int connection, const char* what) {
  const auto found = sessions_.find(batch);
  if (found != sessions_.end()) return &found->second;
  missed_.insert(connection);
  if (!sessions_.empty()) resources_.log.dropped(what);
  return nullptr;
}

void Sink::receive_other_version(int version, zmq::message_t& message) {
  const auto announcement = decode_introduction<Announcement>(view(message));
  const char* const peer = announcement ? "the ventilator" : "a worker";
  resources_.log.warn_rate_limited(peer, other_version_line(peer, version));
  if (announcement && sessions_.empty()) answer(*announcement, message, "");
}

// The first plain message is the guide's start signal, each further one a completion.
void Sink::receive_plain() {
  if (!sessions_.empty()) {
    return resources_.log.dropped("a plain message in the middle of a batch");
  }
  if (!plain_batch_) {
    plain_batch_ = PlainBatch{.started = now()};
    return;
  }
  Console& console = resources_.console;
  console.completions(1);
  console.flush();
  if (++plain_batch_->completions < resources_.options.completions) return;
  console.total(now() - plain_batch_->started, true);
  plain_batch_.reset();
  served_ = !resources_.options.stay;
}

// --- batches begin ------------------------------------------------------------------------------

void Sink::receive_announcement(const Announcement& announcement, zmq::message_t& message) {
  const auto found = sessions_.find(announcement.batch);
  const bool present = found != sessions_.end();
  if (present && !accept(found->second, announcement, message)) return;
  Session* const session = present ? &found->second : begin(announcement, message);
  if (session == nullptr) return;
  const std::string feedback = reach(announcement.feedback, peer_address(message));
  session->follow(announcement, feedback, connection_of(message));
}

bool Sink::accept(Session& session, const Announcement& announcement, zmq::message_t& message) {
  const Batch::Claim claim = session.claim(announcement.ventilator, now());
  if (claim == Batch::Claim::refused) answer(announcement, message, session.why_refused());
  return claim == Batch::Claim::accepted;
}

// None if it is not to be served, now or at all.
Session* Sink::begin(const Announcement& announcement, zmq::message_t& message) {
  if (!make_room() || served_) return nullptr;
  const auto place =
      sessions_
          .try_emplace(announcement.batch, resources_, results_, announcement, sessions_.size() + 1)
          .first;
  if (const auto why = place->second.begin(announcement)) {
    answer(announcement, message, *why);
    sessions_.erase(place);
    return nullptr;
  }
  // On a new connection a worker that has results sends them again.
  Listener::disconnect(std::exchange(missed_, {}));
  return &place->second;
}

// For one more batch.
bool Sink::make_room() {
  std::vector<PresentBatch> present;
  for (const auto& [batch, session] : sessions_)
    present.push_back({batch, session.last_announced()});
  const Room room = room_for_another(std::move(present), most_batches(), now());
  for (const BatchId batch : room.give_way) end(sessions_.find(batch));
  if (!room.there) {
    resources_.log.dropped(resources_.options.stay
                               ? "the announcement of one batch more than there is room for"
                               : "the announcement of a second batch, while one is under way");
  }
  return room.there;
}

// Also without a reason: the message shows our version to a ventilator that has another one.
void Sink::answer(const Announcement& announcement, zmq::message_t& message,
                  const std::string& why) {
  const std::string endpoint = reach(announcement.feedback, peer_address(message));
  const std::string frame =
      encode(Receipts{.ventilator = announcement.ventilator,
                      .batch = announcement.batch,
                      .refusal = std::string_view(why).substr(0, kMaxLineBytes)});
  if (endpoint.empty() || (refusal_ && refusal_->is(endpoint, frame))) return;
  try {
    refusal_.emplace(resources_.context, endpoint, frame);
  } catch (const std::exception&) {
    resources_.log.dropped("an announcement whose feedback is no endpoint");
  }
}

// --- what is recorded, and batches end ----------------------------------------------------------

// Called after each turn and before a batch ends. Output is flushed and the journal committed
// before receipts are sent.
void Sink::commit() {
  resources_.commit();
  const TimeSlice slice;  // for all of them: nobody waits for those of others
  for (auto& [batch, session] : sessions_) session.send_receipts(slice);
}

// True if something may still come of killed tasks.
bool Sink::end_what_is_over() {
  bool lingers = false;
  for (auto each = sessions_.begin(); each != sessions_.end();) {
    const auto session = each++;
    if (session->second.awaits_killed_tasks(stops_)) {
      lingers = true;
    } else if (session->second.over(now())) {
      end(session);
    }
  }
  return lingers;
}

void Sink::end(Sessions::iterator session) {
  session->second.print_rest();
  commit();
  resources_.progress.clear();
  const Figures& figures = session->second.end();
  failed_ += figures.failed;
  trouble_ = trouble_ || !figures.complete;
  served_ = !resources_.options.stay;
  sessions_.erase(session);
}

int Sink::status() const { return trouble_ ? kExitTrouble : exit_status(failed_); }

// --- what is told -------------------------------------------------------------------------------

void Sink::show_progress() {
  const Time time = now();
  Progress& progress = resources_.progress;
  if (resources_.console.mid_line() || !progress.due(time)) return;
  std::vector<const Figures*> shown;
  for (auto& [batch, session] : sessions_) {
    if (session.shows_progress()) shown.push_back(&session.figures_at(time));
  }
  if (shown.empty()) return progress.stop();
  progress.show(shown.size() == 1 ? *shown.front() : Figures::together(shown), time);
}

void Sink::tell_who_is_missing(Time now) {
  const bool told = !plain_batch_ && stops_ == 0;
  for (auto& [batch, session] : sessions_) session.tell_who_is_missing(now, told);
  if (!told) return waiting_for_ventilator_.stop();
  const auto ventilator = [this] {
    return std::string(sessions_.empty() ? "a ventilator" : "the ventilator");
  };
  const auto where = [this] { return "; results on " + results_.endpoint(); };
  waiting_for_ventilator_.update(!sessions_.empty(), ventilator, where, now, resources_.log);
}

}  // namespace divvy::sink
