#include "sink/sink.hpp"

#include <fmt/format.h>

#include <iterator>
#include <stdexcept>
#include <utility>

#include "common/clock.hpp"
#include "common/message.hpp"
#include "common/peer_endpoint.hpp"
#include "common/program.hpp"

namespace divvy::sink {

Sink::Sink(const Options& options)
    : resources_(options),
      results_(resources_.context, make_pull(resources_.context, kMaxResultsBytes),
               options.common.endpoints.results) {
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
  if (!resources_.report.mid_line()) loop_.wake_at(resources_.progress.deadline());
  loop_.wake_at(waiting_for_ventilator_.deadline());
  stops_ += loop_.wait();
}

// --- what is heard ------------------------------------------------------------------------------

void Sink::receive() {
  resources_.context.authenticate();
  for (const int connection : results_.events(resources_.log).disconnected) {
    for (auto& [batch, session] : sessions_) session.disconnected(connection);
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
    Session* const session = session_of(results->batch, "results of another batch");
    if (session != nullptr) session->receive(*results);
    return;
  }
  if (const auto live = decode<LiveOutput>(frame)) return receive_live_output(*live);
  if (const auto version = other_version(frame)) return receive_other_version(*version, message);
  resources_.log.dropped("a message that is neither results nor an announcement");
}

void Sink::receive_live_output(const LiveOutput& message) {
  if (!resources_.options.live) return;  // the sink before this one wanted it
  Session* const session = session_of(message.batch, "live output of another batch");
  if (session != nullptr) session->receive(message);
}

// None if it is not under way; `what` is dropped then.
Session* Sink::session_of(BatchId batch, const char* what) {
  const auto found = sessions_.find(batch);
  if (found != sessions_.end()) return &found->second;
  missed_results_ = true;
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
  Report& report = resources_.report;
  report.completions(1);
  report.flush();
  if (++plain_batch_->completions < resources_.options.completions) return;
  report.total(now() - plain_batch_->started, true);
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
      sessions_.try_emplace(announcement.batch, resources_, results_, announcement).first;
  if (const auto why = place->second.begin(announcement)) {
    answer(announcement, message, *why);
    sessions_.erase(place);
    return nullptr;
  }
  // On a new connection a worker that has results sends them again.
  if (std::exchange(missed_results_, false)) results_.disconnect_all(resources_.log);
  return &place->second;
}

// For one more batch.
bool Sink::make_room() {
  if (sessions_.empty()) return true;
  if (!sessions_.begin()->second.ventilator_gone(now())) {
    resources_.log.dropped("the announcement of a second batch, while one is under way");
    return false;
  }
  end(sessions_.begin());
  return true;
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
  for (auto& [batch, session] : sessions_) session.send_receipts();
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
  resources_.progress.stop();
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
  if (resources_.report.mid_line()) return;
  for (auto& [batch, session] : sessions_) {
    resources_.progress.show(session.figures_at(time), time);
  }
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
