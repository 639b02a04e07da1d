#include "worker/worker.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdio>
#include <utility>

#include "divvy/workload.hpp"
#include "worker/children.hpp"
#include "worker/dry_run.hpp"
#include "worker/inbox.hpp"
#include "worker/sleeper.hpp"

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

constexpr auto kPresenceEvery = 1s;
// How long a result waits at most for others to travel with.
constexpr auto kTogether = 10ms;
// How long a worker that leaves waits for its last results to be recorded: a sink may be
// restarting.
constexpr auto kFarewell = 10s;
// Plain tasks have no limit of their own, so what is read of them has.
constexpr std::size_t kMostPlain = 1000;
// Results that pile up like this hold back new tasks.
constexpr std::uint64_t kMostKeptBytes = 256 << 20;

std::string host_and_pid() {
  std::array<char, HOST_NAME_MAX + 1> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("{}:{}", host.data(), ::getpid());
}

std::int64_t now_utc() {
  const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::nanoseconds>(since_1970).count();
}

std::unique_ptr<Runner> make_runner(const Options& options, const std::string& name) {
  std::optional<Command> command;
  if (!options.command.empty()) {
    command.emplace(options.command, Command::Settings{options.colsep, options.task_on_stdin});
  }
  if (options.dry_run) return std::make_unique<DryRun>(std::move(command));
  if (!command) return std::make_unique<Sleeper>();
  Children::Settings settings;
  settings.worker = name;
  settings.max_output = options.max_output;
  if (options.timeout) settings.timeout = from_seconds(*options.timeout);
  return std::make_unique<Children>(std::move(*command), settings);
}

std::string inbox_endpoint(const Options& options, WorkerId self) {
  return options.inbox.empty() ? inbox_for(options.common.endpoints.feedback, self) : options.inbox;
}

}  // namespace

Worker::Worker(const Options& options)
    : options_(options),
      notices_("worker", options.common),
      self_{random_id()},
      name_(host_and_pid()),
      context_(options.common.key),
      inbox_(context_, make_pull(context_, kMaxLaneBytes), inbox_endpoint(options, self_)),
      line_(context_, make_pull(context_, kMaxLaneBytes), options.common.endpoints.tasks),
      feedback_(context_, make_push(context_), options.common.endpoints.feedback),
      results_(context_, make_push(context_), options.common.endpoints.results),
      runner_(make_runner(options, name_)),
      holdings_(self_, options.command.empty() && !options.dry_run),
      slots_(options.first_slot) {
  notices_.detail(fmt::format("{} listens on {}", name_, inbox_.endpoint()));
}

int Worker::run() {
  while (true) {
    wait();
    obey_signals();
    hear();
    collect();
    fill_slots();
    send_results();
    const Time now = Clock::now();
    if (finished(now)) break;
    if (now >= presence_at_) send_presence(now);
  }
  send_presence(Clock::now());
  return 0;
}

void Worker::wait() {
  const bool presence_due = Clock::now() >= presence_at_;
  std::optional<Time> deadline = runner_->deadline();
  const auto consider = [&](Time time) { deadline = deadline ? std::min(*deadline, time) : time; };
  if (!presence_due) consider(presence_at_);
  if (leave_at_) consider(*leave_at_);
  if (send_at_ && !waiting_) consider(*send_at_);
  timer_.set(deadline);

  std::vector<zmq::pollitem_t> items{{nullptr, signals_.fd(), ZMQ_POLLIN, 0},
                                     {nullptr, timer_.fd(), ZMQ_POLLIN, 0}};
  context_.add_to(items);
  inbox_.add_to(items);
  line_.add_to(items, has_room_for_plain());
  if (const auto fd = runner_->fd()) items.push_back({nullptr, *fd, ZMQ_POLLIN, 0});
  feedback_.add_to(items, presence_due);
  results_.add_to(items, waiting_ || plain_done_ > 0);
  zmq::poll(items);
}

void Worker::obey_signals() {
  const int came = signals_.drain();
  if (came == 0) return;
  interrupts_ += came;
  if (interrupts_ > 1) kill([](const Running&) { return true; });
  holdings_.give_back_queued();
  plain_.clear();
  presence_at_ = Clock::now();
  if (holdings_.running() > 0) notices_.detail("finishing what runs (once more: kill it)");
}

// What waits in the inbox is heard before anything is started: the ventilator may have taken it
// back. A flood must not keep us from all else, though.
void Worker::hear() {
  context_.answer_door();
  inbox_.news(notices_);
  line_.connected_anew(notices_);
  if (feedback_.connected_anew(notices_)) presence_at_ = Clock::now();
  for (const Turn turn; !turn.over();) {
    auto message = inbox_.receive();
    if (!message && has_room_for_plain()) message = line_.receive();
    if (!message) return;
    hear(*message);
  }
}

void Worker::hear(const zmq::message_t& message) {
  const std::string_view frame = view(message);
  if (is_plain(frame)) return hear_plain(frame);
  const auto lane = decode<Lane>(frame);
  if (!lane) return notices_.dropped("a message that is no lane message");
  switch (holdings_.hear(*lane, now_utc())) {
    case Holdings::Heard::ignored:
      return notices_.dropped("a lane message that is stale, or another worker's");
    case Holdings::Heard::asked:
      presence_at_ = Clock::now();
      break;
    case Holdings::Heard::taken:
      break;
  }
  if (interrupts_ > 0) holdings_.give_back_queued();
  if (!lane->abort) return;
  kill([&](const Running& run) { return !run.plain && run.task.batch == lane->batch; });
}

void Worker::kill(const std::function<bool(const Running&)>& which) {
  std::unordered_set<std::uint64_t> jobs;
  for (const auto& [job, run] : running_) {
    if (which(run)) jobs.insert(job);
  }
  runner_->kill(jobs);
}

// On the guide's line they wait until there is room. Whoever sends them to the inbox is not known
// to anybody, and may not fill it.
void Worker::hear_plain(std::string_view task) {
  if (task.size() > kMaxPlainBytes) return notices_.dropped("a plain task that is too long");
  if (!has_room_for_plain()) return notices_.dropped("a plain task to the inbox, one too many");
  if (interrupts_ == 0) plain_.emplace_back(without_padding(task));
}

bool Worker::has_room_for_plain() const { return plain_.size() < kMostPlain; }

bool Worker::may_start() const {
  return running_.size() < options_.slots && holdings_.kept_bytes() < kMostKeptBytes;
}

void Worker::fill_slots() {
  while (may_start()) {
    if (auto task = holdings_.start()) {
      start(std::move(*task), false);
    } else if (!plain_.empty()) {
      Task plain;
      plain.text = std::move(plain_.front());
      plain_.pop_front();
      start(std::move(plain), true);
    } else {
      return;
    }
    // A slot whose task takes no time is free again.
    if (running_.size() == options_.slots) collect();
  }
}

void Worker::start(Task task, bool plain) {
  const auto [at, added] =
      running_.try_emplace(++jobs_, Running{std::move(task), plain, now_utc(), slots_.take()});
  const Task& started = at->second.task;
  runner_->start({jobs_, started.text, started.id, started.attempt, at->second.slot}, Clock::now());
}

void Worker::collect() {
  std::uint64_t slept = holdings_.take_passed();
  for (const Ended& ended : runner_->ended(Clock::now())) {
    const auto run = running_.extract(ended.job);
    slots_.free(run.mapped().slot);
    end(run.mapped(), ended);
    if (ended.outcome == Outcome::slept) ++slept;
  }
  if (slept == 0 || options_.common.quiet) return;
  for (; slept > 0; --slept) std::putchar('.');
  std::fflush(stdout);
}

void Worker::end(const Running& run, const Ended& ended) {
  if (run.plain) return end_plain(ended);
  // What we killed to leave at once has not failed: others may run it.
  if (interrupts_ > 1 && ended.outcome == Outcome::signalled) return holdings_.give_up(run.task);
  Result result;
  result.outcome = ended.outcome;
  result.status = ended.status;
  result.started = run.started;
  result.ended = std::max(run.started, now_utc());
  result.output = ended.output;
  result.errors = ended.errors;
  result.reason = ended.reason;
  holdings_.finish(run.task, result);
}

// A plain completion has no room for what the task printed, or for how it ended.
void Worker::end_plain(const Ended& ended) {
  ++plain_done_;
  std::fwrite(ended.output.data(), 1, ended.output.size(), stdout);
  std::fwrite(ended.errors.data(), 1, ended.errors.size(), stderr);
  if (!ended.reason.empty()) notices_.seldom("a plain task", ended.reason);
  std::fflush(stdout);
}

void Worker::send_results() {
  if (results_.connected_anew(notices_)) {
    holdings_.unsend();
    waiting_.reset();
  }
  for (; plain_done_ > 0; --plain_done_) {
    if (!results_.send({})) return;
  }
  while (waiting_ || results_due()) {
    if (!waiting_) waiting_ = holdings_.next_results(name_);
    if (!results_.send(*waiting_)) return;
    waiting_.reset();
  }
}

// One message for each brief task would cost more than the task. While half of what was queued is
// still there, nobody waits for the news.
bool Worker::results_due() {
  if (holdings_.unsent() == 0) {
    send_at_.reset();
    return false;
  }
  const Time now = Clock::now();
  if (!send_at_) send_at_ = now + kTogether;
  return holdings_.unsent() >= holdings_.queued() || now >= *send_at_;
}

void Worker::send_presence(Time now) {
  Presence presence;
  holdings_.describe(presence);
  presence.name = name_;
  presence.inbox = inbox_.endpoint();
  const auto foreign = running_.size() - holdings_.running();
  const std::uint64_t free = options_.slots - std::min<std::uint64_t>(foreign, options_.slots);
  presence.slots =
      interrupts_ > 0 ? 0 : static_cast<std::uint32_t>(std::max<std::uint64_t>(1, free));
  presence.sleeps = options_.command.empty() && !options_.dry_run;
  if (feedback_.send(encode(presence))) presence_at_ = now + kPresenceEvery;
}

bool Worker::finished(Time now) {
  if (interrupts_ == 0 || !running_.empty()) return false;
  if (interrupts_ > 1 || (holdings_.settled() && plain_done_ == 0)) return true;
  if (!leave_at_) leave_at_ = now + kFarewell;
  return now >= *leave_at_;
}

}  // namespace divvy::worker
