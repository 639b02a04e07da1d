#include "divvy/launcher.hpp"

#include <fmt/format.h>
#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <utility>

#include "common/clock.hpp"
#include "common/options.hpp"
#include "common/program.hpp"
#include "common/standard_streams.hpp"

namespace divvy::launcher {
namespace {

using namespace std::chrono_literals;

// Stops that are no further apart are one: `timeout` signals its command, and then the whole group
// of processes. Nobody presses Ctrl-C twice so fast.
constexpr auto kMoment = 100ms;
// The first stop lets tasks end, the second kills them. This one waits for nobody.
constexpr int kStopThatKillsAll = 3;
// How long sink or ventilator may outlive the other.
constexpr auto kOtherEndsIn = 5s;

// How everything is ended. A step is over when those whom it is for have ended, at the latest after
// some time.
struct Step {
  Whom whom;
  int signal;  // 0: none, they end by themselves
  Time::duration at_most;
};
constexpr std::array kSteps{
    // Told twice workers kill what runs, gently. Two signals at once would be one.
    Step{Whom::workers, SIGTERM, 100ms},
    // What the tasks have printed reaches the sink.
    Step{Whom::workers, SIGTERM, 3s},
    // It may have been told once already.
    Step{Whom::ventilator, SIGTERM, 100ms},
    Step{Whom::ventilator, SIGTERM, 1s},
    // It has been told by the ventilator.
    Step{Whom::sink, 0, 500ms},
    Step{Whom::sink, SIGTERM, 1s},
    Step{Whom::all, SIGKILL, 500ms},
};

// As with `divvy ... | head -n 1`: whoever reads has enough, and wants to hear no more.
bool reader_has_gone() {
  pollfd output{.fd = STDOUT_FILENO, .events = 0, .revents = 0};
  return ::poll(&output, 1, 0) > 0 && (output.revents & POLLERR) != 0;
}

void prepend(std::vector<std::string>& words, const std::vector<std::string>& more) {
  words.insert(words.begin(), more.begin(), more.end());
}

}  // namespace

Launcher::Launcher(const Settings& settings)
    : settings_(settings),
      log_("divvy", settings.verbosity),
      programs_(program_directory()),
      loop_({SIGQUIT}),
      directory_(settings.hosts.empty() ? std::optional<PrivateDirectory>(std::in_place)
                                        : std::nullopt),
      hub_(directory_ ? std::nullopt : std::optional<Hub>(std::in_place, settings.hosts.size())),
      sink_(start_for_batch("sink", {.arguments = settings.arguments.sink})),
      ventilator_(start_for_batch("ventilator", {.arguments = ventilator_arguments(),
                                                 .environment = settings.environment,
                                                 .reads_input = true,
                                                 .mute = settings.dry_run})),
      crew_(settings.jobs, settings.workers,
            [this](std::vector<std::string> arguments) {
              return start_worker(std::move(arguments));
            }),
      remote_crew_(remote_crew(), now()) {
  loop_.on_pause([this] { signal(Whom::all, SIGTSTP); }, [this] { signal(Whom::all, SIGCONT); });
}

Child Launcher::start(std::string_view program, Child::Settings settings) {
  settings.path = fmt::format("{}/{}", programs_, program);
  return Child(settings);
}

Child Launcher::start_for_batch(std::string_view program, Child::Settings settings) {
  prepend(settings.arguments, hub_ ? hub_->options() : directory_->options());
  if (hub_) settings.inherits = hub_->key_fd();
  return start(program, std::move(settings));
}

Child Launcher::start_worker(std::vector<std::string> arguments) {
  const auto& more = settings_.arguments.worker;
  arguments.insert(arguments.end(), more.begin(), more.end());
  prepend(arguments, hub_ ? hub_->local_worker_options() : directory_->options());
  // Its dots would tear the sink's line.
  return start("worker", {.arguments = std::move(arguments),
                          .mute = true,
                          .input = hub_ ? std::optional(hub_->key()) : std::nullopt});
}

std::vector<std::string> Launcher::ventilator_arguments() const {
  std::vector<std::string> arguments = settings_.arguments.ventilator;
  if (hub_) prepend(arguments, hub_->lane_options());
  return arguments;
}

RemoteCrew::Settings Launcher::remote_crew() const {
  if (!hub_) return {};
  std::vector<std::string> arguments = settings_.arguments.worker;
  prepend(arguments, hub_->lane_options());
  return {.hosts = settings_.hosts,
          .ssh = settings_.ssh,
          .start = {.directory = working_directory(),
                    .worker = programs_ + "/worker",
                    .version = std::string(program_version()),
                    .port = hub_->port(),
                    .arguments = std::move(arguments)},
          .slots = settings_.jobs_there,
          .key = hub_->key()};
}

int Launcher::run() {
  while (any_running()) {
    wait();
    for (Child* const child : children()) child->reap();
    remote_crew_.update(log_, now());
    end_if_over(now());
  }
  remote_crew_.tell_rest(log_);
  if (workers_failed_ || in_trouble()) return kExitTrouble;
  return sink_.status();
}

void Launcher::wait() {
  for (const Child* const child : children()) {
    if (child->running()) loop_.watch(child->fd());
  }
  remote_crew_.add_to(loop_);
  loop_.wake_at(end_at_);
  if (keeps_workers()) loop_.wake_at(crew_.deadline());
  if (loop_.wait() > 0) stop(now());
}

// The first time only the ventilator is told: it hands out no more, and ends when what runs is
// done.
void Launcher::stop(Time now) {
  if (stopped_at_ && now - *stopped_at_ < kMoment) return;
  stopped_at_ = now;
  remote_crew_.give_up();
  if (++stops_ >= kStopThatKillsAll) {
    kill_all(now);
  } else if (!ending()) {
    stops_ == 1 && ventilator_.running() ? ventilator_.signal(SIGTERM) : next_step(now);
  }
}

void Launcher::end_if_over(Time now) {
  if (ending()) {
    while (any_running() && step_is_over(now)) next_step(now);
    return;
  }
  const bool sink_ended = !sink_.running();
  const bool ventilator_ended = !ventilator_.running();
  if (in_trouble()) {
    if (stops_ == 0) say_who_was_killed();
    if (reader_has_gone()) ventilator_.signal(SIGKILL);
    next_step(now);
  } else if ((sink_ended && ventilator_ended) || (end_at_ && now >= *end_at_)) {
    next_step(now);
  } else if (sink_ended || (ventilator_ended && stops_ > 0)) {
    if (!end_at_) end_at_ = now + kOtherEndsIn;
  } else if (ventilator_ended) {
    return;  // the sink ends by itself, as soon as its reader lets it
  } else {
    keep_workers(now);
  }
}

void Launcher::keep_workers(Time now) {
  if (stops_ == 0) crew_.replace_killed(log_, now);
  if (!crew_.has_ended() || !remote_crew_.has_ended()) return;
  remote_crew_.tell_rest(log_);
  log_.warn(hub_ ? "no host is left that could go on; the batch is given up"
                 : "every worker has ended before the batch has; see what they say with --verbose");
  workers_failed_ = true;
  next_step(now);
}

void Launcher::next_step(Time now) {
  const Step& step = kSteps.at(std::min(steps_++, kSteps.size() - 1));
  signal(step.whom, step.signal);
  end_at_ = now + step.at_most;
}

void Launcher::kill_all(Time now) {
  steps_ = kSteps.size() - 1;
  next_step(now);
}

bool Launcher::step_is_over(Time now) {
  const Step& step = kSteps.at(std::min(steps_, kSteps.size()) - 1);
  return now >= *end_at_ || !any_running(step.whom);
}

void Launcher::signal(Whom whom, int number) {
  for (const Child* const child : children_here(whom)) child->signal(number);
  if (whom == Whom::workers || whom == Whom::all) remote_crew_.signal(number);
}

std::vector<Child*> Launcher::children(Whom whom) {
  std::vector<Child*> some = children_here(whom);
  if (whom != Whom::workers && whom != Whom::all) return some;
  const auto remote = remote_crew_.children();
  some.insert(some.end(), remote.begin(), remote.end());
  return some;
}

std::vector<Child*> Launcher::children_here(Whom whom) {
  std::vector<Child*> some;
  if (whom == Whom::workers || whom == Whom::all) some = crew_.workers();
  if (whom == Whom::ventilator || whom == Whom::all) some.insert(some.begin(), &ventilator_);
  if (whom == Whom::sink || whom == Whom::all) some.insert(some.begin(), &sink_);
  return some;
}

bool Launcher::any_running(Whom whom) {
  const auto some = children(whom);
  return std::any_of(some.begin(), some.end(), [](const Child* child) { return child->running(); });
}

bool Launcher::in_trouble() const {
  return std::max(sink_.status(), ventilator_.status()) > kMostCounted + 1;
}

void Launcher::say_who_was_killed() const {
  for (const auto& [name, child] : {std::pair("sink", &sink_), {"ventilator", &ventilator_}}) {
    if (child->killed_by() == 0) continue;
    log_.warn(fmt::format("the {} was killed by {}", name, signal_name(child->killed_by())));
  }
}

}  // namespace divvy::launcher
