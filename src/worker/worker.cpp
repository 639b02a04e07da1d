#include "worker/worker.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <utility>

#include "common/clock.hpp"
#include "common/message.hpp"
#include "common/plural.hpp"
#include "common/process_name.hpp"
#include "common/random_id.hpp"
#include "common/standard_streams.hpp"
#include "common/workload.hpp"
#include "worker/inbox.hpp"
#include "worker/opened_lane.hpp"

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

constexpr auto kPresenceEvery = 1s;
// After how long without a lane a ventilator is told that there is such a worker.
constexpr auto kLaneIsMissing = 2s;
// How long a result waits at most for others to travel with.
constexpr auto kTogether = 10ms;
// After how long lines are sent whose task still runs: a brief task's result brings them sooner.
constexpr auto kLiveAfter = 20ms;
// About how many bytes of such lines are sent at once. What the sink is slow to take is in memory.
constexpr std::size_t kLiveBytes = 128 << 10;
// How long a worker that leaves waits for its last results to be recorded: a sink may be
// restarting.
constexpr auto kFarewell = 10s;
// Plain tasks are neither limited nor acknowledged by their sender.
constexpr std::size_t kMaxPlainTasks = 1000;
constexpr std::size_t kMaxPlainBytes = 16 << 10;
// With so many bytes of results that are not settled no more tasks are started.
constexpr std::uint64_t kMaxKeptBytes = 256 << 20;

std::unique_ptr<LaneSource> make_lane(const Worker::Settings& settings, WorkerId self,
                                      Context& context) {
  const std::string& feedback = settings.endpoints.feedback;
  if (settings.lanes) return std::make_unique<OpenedLane>(context, feedback, *settings.lanes);
  return std::make_unique<Inbox>(
      context, settings.inbox.empty() ? inbox_for(feedback, self) : settings.inbox);
}

// Whether process ids are a container's. The kernel gives those of the whole machine this number.
bool has_pids_of_its_own() {
  constexpr std::string_view machine = "pid:[4026531836]";
  std::array<char, 64> target{};
  const ssize_t size = ::readlink("/proc/self/ns/pid", target.data(), target.size());
  return size > 0 && std::string_view(target.data(), static_cast<std::size_t>(size)) != machine;
}

}  // namespace

std::string default_name() {
  const std::string name = process_name();
  return has_pids_of_its_own() ? fmt::format("{}-{:08x}", name, random_id() >> 32) : name;
}

Worker::Worker(Settings settings, std::unique_ptr<Executor> executor)
    : settings_(std::move(settings)),
      log_("worker", settings_.verbosity),
      self_{random_id()},
      context_(settings_.key),
      lane_(make_lane(settings_, self_, context_)),
      plain_tasks_(context_, make_pull(context_, kMaxLaneBytes), settings_.endpoints.tasks),
      feedback_(context_, make_push(context_), settings_.endpoints.feedback),
      results_(context_, make_push(context_), settings_.endpoints.results),
      executor_(std::move(executor)),
      holdings_(self_, settings_.workloads),
      presence_at_(now()) {
  loop_.on_pause([this] { executor_->pause(); }, [this] { executor_->resume(); });
  if (!settings_.lanes) {
    log_.debug(fmt::format("{} listens on {}", settings_.name, lane_->place().inbox));
  }
}

int Worker::run() {
  while (true) {
    wait();
    receive();
    collect_ended();
    fill_slots();
    send_results();
    send_live_output();
    const Time time = now();
    tell_who_is_missing(time);
    if (finished(time)) break;
    if (time >= presence_at_) send_presence(time);
  }
  send_presence(now());
  return 0;
}

void Worker::wait() {
  const bool presence_due = now() >= presence_at_;
  context_.add_to(loop_);
  lane_->add_to(loop_);
  plain_tasks_.add_to(loop_, has_room_for_plain());
  feedback_.add_to(loop_, presence_due);
  results_.add_to(loop_, unsent_results_ || plain_completions_ > 0 || live_output_due());
  if (!live_output_due()) loop_.wake_at(live_at_);
  if (const auto fd = executor_->fd()) loop_.watch(*fd);
  loop_.wake_at(executor_->deadline());
  if (!presence_due) loop_.wake_at(presence_at_);
  if (!unsent_results_) loop_.wake_at(send_at_);
  loop_.wake_at(leave_at_);
  loop_.wake_at(waiting_for_ventilator_.deadline());
  loop_.wake_at(waiting_for_sink_.deadline());
  stop(loop_.wait());
}

void Worker::stop(int times) {
  if (times == 0) return;
  const bool at_once = phase_ != Phase::serving || times > 1;
  const auto all = [](const Chunk&) { return true; };
  if (at_once) executor_->ask_to_end(all);
  if (phase_ == Phase::leaving_now || times > 2) executor_->kill(all);
  phase_ = at_once ? Phase::leaving_now : Phase::leaving;
  if (!executor_->can_kill()) loop_.release_signals(at_once);  // the next one ends this process
  take_back();
  holdings_.give_back_queued();
  plain_queue_.clear();
  presence_at_ = now();
  if (holdings_.running() > 0) log_.debug("finishing what runs (once more: kill it)");
}

// Receives first, then starts tasks: a message may recall a queued task. A flood of messages must
// not keep the worker from its other work, though.
void Worker::receive() {
  context_.authenticate();
  note_connections();
  for (const TimeSlice slice; !slice.over();) {
    auto message = lane_->receive();
    if (!message && has_room_for_plain()) message = plain_tasks_.receive();
    if (!message) return;
    receive(*message);
  }
}

// Whether results can be delivered is for the ventilator to know at once.
void Worker::note_connections() {
  if (lane_->update(log_, now())) {
    greeted_ = false;
    presence_at_ = now();
  }
  plain_tasks_.connected_anew(log_);
  if (feedback_.connected_anew(log_)) {
    greeted_ = false;
    presence_at_ = now();
  }
  const bool reached_sink = results_.connected();
  if (results_.connected_anew(log_)) {
    holdings_.resend_all();
    unsent_results_.reset();
    executor_->untake_printed();
  }
  if (results_.connected() != reached_sink) presence_at_ = now();
}

// A ventilator of the guide's has no feedback, and none to answer there.
void Worker::tell_who_is_missing(Time now) {
  if (phase_ != Phase::serving) {
    waiting_for_ventilator_.stop();
    return waiting_for_sink_.stop();
  }
  const bool is_plain = plain_tasks_.connected() && !feedback_.connected();
  const auto ventilator = [this] { return "a ventilator at " + settings_.endpoints.feedback; };
  const auto unanswered = [this] {
    return feedback_.connected() ? "; " + lane_->trouble() : std::string();
  };
  waiting_for_ventilator_.update((greeted_ && feedback_.connected()) || is_plain, ventilator,
                                 unanswered, now, log_);
  const auto sink = [this] { return "a sink at " + settings_.endpoints.results; };
  waiting_for_sink_.update(results_.connected(), sink, nothing_more, now, log_);
}

void Worker::receive(const zmq::message_t& message) {
  const std::string_view frame = view(message);
  if (is_plain(frame)) return receive_plain(frame);
  if (const auto lane = decode<Lane>(frame)) return receive_lane(*lane);
  if (const auto version = other_version(frame)) {
    return log_.warn_rate_limited("version", other_version_line("the ventilator", *version));
  }
  log_.dropped("a message that is no lane message");
}

void Worker::receive_lane(const Lane& lane) {
  if (!lane.recalled.empty() || lane.batch != holdings_.batch()) take_back();
  switch (holdings_.receive(lane, now_utc())) {
    case Holdings::Received::dropped:
      return log_.dropped("a lane message that is stale, or another worker's");
    case Holdings::Received::asked:
      presence_at_ = now();
      break;
    case Holdings::Received::accepted:
      break;
  }
  greeted_ = true;
  if (phase_ != Phase::serving) holdings_.give_back_queued();
  if (!lane.abort) return;
  executor_->ask_to_end([&](const Chunk& tasks) { return tasks.is_of(lane.batch); });
}

// From the guide's ventilator no more are taken than there is room for. Anybody may send them to
// the inbox, so there they are dropped.
void Worker::receive_plain(std::string_view task) {
  if (task.size() > kMaxPlainBytes) return log_.dropped("a plain task that is too long");
  if (!has_room_for_plain()) return log_.dropped("a plain task to the inbox, one too many");
  if (phase_ == Phase::serving) plain_queue_.emplace_back(without_padding(task));
}

bool Worker::has_room_for_plain() const { return plain_queue_.size() < kMaxPlainTasks; }

// Tasks that have ended at once leave room for others.
std::uint64_t Worker::room() {
  if (holdings_.kept_bytes() >= kMaxKeptBytes) {
    take_back();
    return 0;
  }
  if (const std::uint64_t room = executor_->room(now()); room > 0) return room;
  collect_ended();
  return executor_->room(now());
}

void Worker::fill_slots() {
  while (const std::uint64_t most = room()) {
    Chunk tasks = next_tasks(most);
    if (tasks.empty()) return;
    if (const auto limit = executor_->start(tasks, now())) {
      put_back(std::move(tasks));
      return tell_shortage(*limit);
    }
  }
}

Chunk Worker::next_tasks(std::uint64_t most) {
  Chunk tasks = holdings_.take_next(most);
  if (tasks.empty() && !plain_queue_.empty()) {
    tasks = Chunk::of_plain(plain_queue_.front());
    plain_queue_.pop_front();
  }
  return tasks;
}

void Worker::take_back() {
  std::vector<Chunk> all = executor_->take_back();
  // Each goes before what is there, so the first comes last.
  std::sort(all.begin(), all.end(),
            [](const Chunk& one, const Chunk& other) { return one.ids.first > other.ids.first; });
  for (Chunk& tasks : all) put_back(std::move(tasks));
}

void Worker::put_back(Chunk tasks) {
  presence_at_ = now();
  if (tasks.plain) {
    plain_queue_.emplace_front(tasks.text());
  } else {
    holdings_.put_back(std::move(tasks));
  }
}

void Worker::tell_shortage(const std::string& limit) {
  if (std::exchange(shortage_told_, true)) return;
  log_.warn(executor_->idle() ? fmt::format("{}: tasks wait until one can be run", limit)
                              : fmt::format("{}: running {} at once, not {}", limit,
                                            plural(executor_->slots_for(holdings_.batch()), "task"),
                                            executor_->slots()));
}

void Worker::collect_ended() {
  std::uint64_t slept = holdings_.take_instant();
  for (EndedChunk& ended : executor_->ended(now())) {
    if (ended.outcome == Outcome::slept) slept += ended.tasks.size();
    finish(std::move(ended));
  }
  if (slept == 0 || settings_.verbosity.quiet) return;
  for (; slept > 0; --slept) std::putchar('.');
  std::fflush(stdout);
}

void Worker::finish(EndedChunk ended) {
  if (ended.tasks.plain) return finish_plain(ended);
  // A task that was killed because the worker leaves has not failed: another worker may run it.
  const bool interrupted = phase_ == Phase::leaving_now && ended.killed;
  interrupted ? holdings_.interrupt(std::move(ended)) : holdings_.finish(ended);
}

// A plain completion has no room for what the task printed, or for how it ended.
void Worker::finish_plain(const EndedChunk& ended) {
  ++plain_completions_;
  std::fwrite(ended.output.data(), 1, ended.output.size(), stdout);
  tell_user(ended.errors);
  if (!ended.reason.empty()) log_.warn_rate_limited("a plain task", ended.reason);
  std::fflush(stdout);
}

void Worker::send_results() {
  for (; plain_completions_ > 0; --plain_completions_) {
    if (!results_.send({})) return;
  }
  while (unsent_results_ || results_due()) {
    if (!unsent_results_) unsent_results_ = holdings_.next_results(settings_.name);
    if (!results_.send(*unsent_results_)) return;
    unsent_results_.reset();
  }
}

// One message for each brief task would cost more than the task. While there is more queued than
// unsent, the ventilator need not hurry to send more.
bool Worker::results_due() {
  if (holdings_.unsent() == 0) {
    send_at_.reset();
    return false;
  }
  const Time time = now();
  if (!send_at_) send_at_ = time + kTogether;
  return holdings_.unsent() >= holdings_.queued() || time >= *send_at_;
}

bool Worker::live_output_due() const { return live_at_ && *live_at_ <= now(); }

// Nothing of it is kept for a sink that is far behind: there is more when it has room again.
void Worker::send_live_output() {
  if (!holdings_.live() || !executor_->has_printed()) return live_at_.reset();
  if (!live_at_) live_at_ = now() + kLiveAfter;
  if (!live_output_due() || unsent_results_ || !results_.has_room()) return;
  const LiveOutput message{.worker = self_,
                           .name = settings_.name,
                           .batch = holdings_.batch(),
                           .fragments = executor_->take_printed(holdings_.batch(), kLiveBytes)};
  live_at_.reset();
  if (executor_->has_printed()) live_at_ = now();
  if (!message.fragments.empty() && !results_.send(encode(message))) executor_->untake_printed();
}

// At least 1: 0 means that it leaves.
std::uint32_t Worker::offered_slots() const {
  return phase_ == Phase::serving ? std::max(1U, executor_->slots_for(holdings_.batch())) : 0;
}

// Without a lane a worker is nothing to a ventilator that it does not work for, and most often it has
// one in a moment.
bool Worker::is_worth_telling(const LaneSource::Place& place, VentilatorId ventilator, Time now) {
  if (!place.none()) {
    without_lane_since_.reset();
    return true;
  }
  if (!without_lane_since_) without_lane_since_ = now;
  return ventilator != VentilatorId::none || now >= *without_lane_since_ + kLaneIsMissing;
}

void Worker::send_presence(Time now) {
  const LaneSource::Place place = lane_->place();
  Presence presence = holdings_.presence(settings_.name, place.inbox, offered_slots());
  presence.lane_port = place.lane_port;
  if (!is_worth_telling(place, presence.ventilator, now)) {
    presence_at_ = now + kPresenceEvery;
    return;
  }
  presence.reaches_sink = results_.connected();
  presence.pool = settings_.pool;
  presence.command = settings_.command;
  if (feedback_.send(encode(presence))) presence_at_ = now + kPresenceEvery;
}

bool Worker::finished(Time now) {
  if (phase_ == Phase::serving || !executor_->idle()) return false;
  const bool all_said = holdings_.all_settled() && plain_completions_ == 0;
  if (phase_ == Phase::leaving_now || all_said) return true;
  if (!leave_at_) leave_at_ = now + kFarewell;
  return now >= *leave_at_;
}

}  // namespace divvy::worker
