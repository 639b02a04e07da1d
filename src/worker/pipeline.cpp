#include "worker/pipeline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "common/clock.hpp"
#include "common/message.hpp"
#include "common/presence_pace.hpp"
#include "common/random_id.hpp"
#include "common/standard_streams.hpp"
#include "common/workload.hpp"
#include "worker/inbox.hpp"
#include "worker/opened_lane.hpp"

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

// After how long without a lane a ventilator is told that there is such a worker.
constexpr auto kLaneIsMissing = 2s;
// How long a result waits at most for others to travel with.
constexpr auto kTogether = 10ms;
// After how long lines are sent whose task still runs: a brief task's result brings them sooner.
constexpr auto kLiveAfter = 20ms;
// About how many bytes of such lines are sent at once. What the sink is slow to take is in memory.
constexpr std::size_t kLiveBytes = 128 << 10;
// Plain tasks are neither limited nor acknowledged by their sender.
constexpr std::size_t kMaxPlainTasks = 1000;
constexpr std::size_t kMaxPlainBytes = 16 << 10;
// With so many bytes of results that are not settled no more tasks are started.
constexpr std::uint64_t kMaxKeptBytes = 256 << 20;

std::unique_ptr<LaneSource> make_lane(const Pipeline::Settings& settings, WorkerId self,
                                      Context& context) {
  const std::string& feedback = settings.endpoints.feedback;
  if (settings.lanes) return std::make_unique<OpenedLane>(context, feedback, *settings.lanes);
  return std::make_unique<Inbox>(
      context, settings.inbox.empty() ? inbox_for(feedback, self) : settings.inbox);
}

}  // namespace

Pipeline::Pipeline(Context& context, Settings settings, Executor& executor)
    : settings_(std::move(settings)),
      log_(settings_.label.empty() ? "worker" : "worker: " + settings_.label, settings_.verbosity),
      self_{random_id()},
      lane_(make_lane(settings_, self_, context)),
      plain_tasks_(context, make_pull(context, kMaxLaneBytes), settings_.endpoints.tasks),
      feedback_(context, make_feedback_push(context), settings_.endpoints.feedback),
      results_(context, make_push(context), settings_.endpoints.results),
      executor_(executor),
      holdings_(self_, settings_.workloads),
      presence_at_(now()) {
  if (settings_.lanes) return;
  log_.debug(fmt::format("{} listens on {}", settings_.name, lane_->place().inbox));
}

void Pipeline::add_to(EventLoop& loop) {
  const Time time = now();
  lane_->add_to(loop);
  plain_tasks_.add_to(loop, has_room_for_plain());
  feedback_.add_to(loop, presence_due(time));
  results_.add_to(loop, unsent_results_ || plain_completions_ > 0 || live_output_due());
  if (!live_output_due()) loop.wake_at(live_at_);
  if (!presence_due(time)) loop.wake_at(presence_at_);
  if (!unsent_results_) loop.wake_at(send_at_);
  loop.wake_at(waiting_for_ventilator_.deadline());
  loop.wake_at(waiting_for_sink_.deadline());
}

bool Pipeline::receive() {
  auto message = lane_->receive();
  if (!message && has_room_for_plain()) message = plain_tasks_.receive();
  if (message) receive(*message);
  return message.has_value();
}

void Pipeline::leave() {
  leaving_ = true;
  take_back();
  holdings_.give_back_queued();
  plain_queue_.clear();
  presence_at_ = now();
}

FairSlots::Tasks Pipeline::tasks() const {
  return {.startable = is_full() ? 0 : holdings_.queued() + plain_queue_.size(),
          .running = holdings_.running() + plain_running_};
}

bool Pipeline::idle() const {
  return holdings_.queued() == 0 && plain_queue_.empty() && !tasks().any() && all_said();
}

bool Pipeline::all_said() const { return holdings_.all_settled() && plain_completions_ == 0; }

// Whether results can be delivered is for the ventilator to know at once.
void Pipeline::note_connections() {
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
    executor_.untake_printed(of_batch());
  }
  if (results_.connected() != reached_sink) presence_at_ = now();
}

// A ventilator of the guide's has no feedback, and none to answer there.
bool Pipeline::found_ventilator() const {
  return feedback_.connected() ? greeted_ : plain_tasks_.connected();
}

void Pipeline::tell_who_is_missing(Time now) {
  if (leaving_) {
    waiting_for_ventilator_.stop();
    return waiting_for_sink_.stop();
  }
  const auto ventilator = [this] { return "a ventilator at " + settings_.endpoints.feedback; };
  const auto unanswered = [this] {
    return feedback_.connected() ? "; " + lane_->trouble() : std::string();
  };
  waiting_for_ventilator_.update(found_ventilator(), ventilator, unanswered, now, log_);
  const auto sink = [this] { return "a sink at " + settings_.endpoints.results; };
  waiting_for_sink_.update(results_.connected(), sink, nothing_more, now, log_);
}

void Pipeline::receive(const zmq::message_t& message) {
  const std::string_view frame = view(message);
  if (is_plain(frame)) return receive_plain(frame);
  if (const auto lane = decode<Lane>(frame)) return receive_lane(*lane);
  if (const auto version = other_version(frame)) {
    return log_.warn_rate_limited("version", other_version_line("the ventilator", *version));
  }
  log_.dropped("a message that is no lane message");
}

void Pipeline::receive_lane(const Lane& lane) {
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
  if (!lane.tasks.empty()) presence_at_ = std::min(presence_at_, now() + kPresenceEvery);
  if (leaving_) holdings_.give_back_queued();
  if (!lane.abort) return;
  executor_.ask_to_end(of_batch());
}

// From the guide's ventilator no more are taken than there is room for. Anybody may send them to
// the inbox, so there they are dropped.
void Pipeline::receive_plain(std::string_view task) {
  if (task.size() > kMaxPlainBytes) return log_.dropped("a plain task that is too long");
  if (!has_room_for_plain()) return log_.dropped("a plain task to the inbox, one too many");
  if (!leaving_) plain_queue_.emplace_back(without_padding(task));
}

bool Pipeline::has_room_for_plain() const { return plain_queue_.size() < kMaxPlainTasks; }

bool Pipeline::is_full() const { return holdings_.kept_bytes() >= kMaxKeptBytes; }

Chunk Pipeline::next_tasks(std::uint64_t most) {
  Chunk tasks = holdings_.take_next(most);
  if (tasks.empty() && !plain_queue_.empty()) {
    tasks = Chunk::of_plain(self_, plain_queue_.front());
    plain_queue_.pop_front();
    ++plain_running_;
  }
  return tasks;
}

void Pipeline::take_back() {
  std::vector<Chunk> taken =
      executor_.take_back([this](const Origin& origin) { return origin.worker == self_; });
  // Each goes before what is there, so the first comes last.
  std::sort(taken.begin(), taken.end(),
            [](const Chunk& one, const Chunk& other) { return one.ids.first > other.ids.first; });
  for (Chunk& tasks : taken) put_back(std::move(tasks));
}

void Pipeline::put_back(Chunk tasks) {
  presence_at_ = now();
  if (tasks.origin.plain) {
    plain_queue_.emplace_front(tasks.text());
    --plain_running_;
  } else {
    holdings_.put_back(std::move(tasks));
  }
}

void Pipeline::finish(EndedChunk ended, bool interrupted) {
  if (ended.tasks.origin.plain) return finish_plain(ended);
  interrupted ? holdings_.interrupt(std::move(ended)) : holdings_.finish(ended);
}

// A plain completion has no room for what the task printed, or for how it ended.
void Pipeline::finish_plain(const EndedChunk& ended) {
  --plain_running_;
  ++plain_completions_;
  std::fwrite(ended.output.data(), 1, ended.output.size(), stdout);
  tell_user(ended.errors);
  if (!ended.reason.empty()) log_.warn_rate_limited("a plain task", ended.reason);
  std::fflush(stdout);
}

void Pipeline::send_results() {
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
bool Pipeline::results_due() {
  if (holdings_.unsent() == 0) {
    send_at_.reset();
    return false;
  }
  const Time time = now();
  if (!send_at_) send_at_ = time + kTogether;
  return holdings_.unsent() >= holdings_.queued() || time >= *send_at_;
}

bool Pipeline::live_output_due() const { return live_at_ && *live_at_ <= now(); }

// Nothing of it is kept for a sink that is far behind: there is more when it has room again.
void Pipeline::send_live_output() {
  const auto which = of_batch();
  if (!holdings_.live() || !executor_.has_printed(which)) return live_at_.reset();
  if (!live_at_) live_at_ = now() + kLiveAfter;
  if (!live_output_due() || unsent_results_ || !results_.has_room()) return;
  const LiveOutput message{.worker = self_,
                           .name = settings_.name,
                           .batch = holdings_.batch(),
                           .fragments = executor_.take_printed(which, kLiveBytes)};
  live_at_.reset();
  if (executor_.has_printed(which)) live_at_ = now();
  if (!message.fragments.empty() && !results_.send(encode(message)))
    executor_.untake_printed(which);
}

Executor::Which Pipeline::of_batch() const {
  return [this](const Origin& origin) { return origin == holdings_.origin(); };
}

// At least 1: 0 means that it leaves.
std::uint32_t Pipeline::offered(std::uint32_t slots) const {
  if (leaving_) return 0;
  const auto occupied = executor_.occupied([this](const Origin& origin) {
    return origin.worker == self_ && origin != holdings_.origin();
  });
  return std::max(1U, slots - std::min(slots, occupied));
}

// Without a lane a worker is nothing to a ventilator that it does not work for, and most often it
// has one in a moment.
bool Pipeline::is_worth_telling(const Presence& presence, Time now) {
  if (!presence.inbox.empty() || presence.lane_port != 0) {
    without_lane_since_.reset();
    return true;
  }
  if (!without_lane_since_) without_lane_since_ = now;
  return presence.ventilator != VentilatorId::none || now >= *without_lane_since_ + kLaneIsMissing;
}

void Pipeline::send_presence(std::uint32_t slots, Time now) {
  const LaneSource::Place place = lane_->place();
  Presence presence = holdings_.presence(settings_.name, place.inbox, offered(slots));
  presence.lane_port = place.lane_port;
  if (!is_worth_telling(presence, now)) {
    presence_at_ = now + kPresenceEvery;
    return;
  }
  presence.reaches_sink = results_.connected();
  presence.pool = settings_.pool;
  presence.command = settings_.command;
  const bool unneeded = greeted_ && idle() && executor_.idle();
  if (feedback_.send(encode(presence))) {
    presence_at_ = now + (unneeded ? kIdlePresenceEvery : kPresenceEvery);
  }
}

}  // namespace divvy::worker
