#include "divvy/launcher.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "common/clock.hpp"
#include "common/program.hpp"
#include "common/standard_streams.hpp"

namespace divvy::launcher {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// Stops that are no further apart are one: `timeout` signals its command, and then the whole group
// of processes. Nobody presses Ctrl-C twice so fast.
constexpr auto kMoment = 100ms;
// How everything is ended: SIGTERM lets tasks end, the second one does not.
struct Step {
  int signal;
  Time::duration until_next;
};
constexpr std::array kSteps{Step{SIGTERM, 500ms}, Step{SIGTERM, 3s}, Step{SIGKILL, 500ms}};
// How long sink or ventilator may outlive the other.
constexpr auto kOtherEndsIn = 5s;

bool is_program(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

// A socket's path has room for about a hundred bytes.
std::string directory_for_sockets() {
  const char* const given = std::getenv("TMPDIR");
  const std::string tmp = given == nullptr ? "" : given;
  return tmp.starts_with('/') && tmp.size() <= 50 ? tmp : "/tmp";
}

}  // namespace

std::string program_directory() {
  const char* const given = std::getenv("DIVVY_BIN");
  std::string directory = given != nullptr && *given != '\0'
                              ? given
                              : fs::read_symlink("/proc/self/exe").parent_path().string();
  for (const char* const name : {"ventilator", "worker", "sink"}) {
    if (is_program(directory + "/" + name)) continue;
    throw std::runtime_error(
        fmt::format("there is no program {} in {}; set DIVVY_BIN to the directory of all three",
                    name, directory));
  }
  return directory;
}

PrivateDirectory::PrivateDirectory() {
  const std::string parent = directory_for_sockets();
  path_ = parent + "/divvy.XXXXXX";
  if (::mkdtemp(path_.data()) != nullptr) return;
  throw std::runtime_error(fmt::format("cannot make a directory in {}: {}; set TMPDIR to another",
                                       parent, std::strerror(errno)));
}

PrivateDirectory::~PrivateDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Launcher::Launcher(const Settings& settings)
    : settings_(settings),
      programs_(program_directory()),
      loop_({SIGHUP, SIGQUIT}),
      sink_(start("sink", {.arguments = settings.arguments.sink})),
      ventilator_(
          start("ventilator", {.arguments = settings.arguments.ventilator,
                               .environment = {"DIVVY_RETRY_COMMAND=" + settings.retry_command},
                               .reads_input = true,
                               .mute = settings.dry_run})) {
  start_workers();
  loop_.on_pause([this] { signal_all(SIGTSTP); }, [this] { signal_all(SIGCONT); });
}

Child Launcher::start(std::string_view program, Child::Settings settings) {
  settings.path = fmt::format("{}/{}", programs_, program);
  const std::vector<std::string> meeting{"--at", "ipc://" + directory_.path()};
  settings.arguments.insert(settings.arguments.begin(), meeting.begin(), meeting.end());
  return Child(settings);
}

// One a core, for while a worker starts a process it does nothing else; and no more, for each takes
// its time to start.
void Launcher::start_workers() {
  const std::uint32_t count = std::min(settings_.jobs, cores());
  for (std::uint32_t i = 0, first = 1; i < count; ++i) {
    const std::uint32_t slots = settings_.jobs / count + (i < settings_.jobs % count ? 1 : 0);
    std::vector<std::string> arguments{fmt::format("--slots={}", slots),
                                       fmt::format("--first-slot={}", first)};
    arguments.insert(arguments.end(), settings_.arguments.worker.begin(),
                     settings_.arguments.worker.end());
    // Its dots would tear the sink's line.
    workers_.push_back(start("worker", {.arguments = std::move(arguments), .mute = true}));
    first += slots;
  }
}

int Launcher::run() {
  while (any_running()) {
    wait();
    for (Child* const child : children()) child->reap();
    end_if_over(now());
  }
  if (workers_failed_ || in_trouble()) return kExitTrouble;
  return sink_.status();
}

void Launcher::wait() {
  for (const Child* const child : children()) {
    if (child->running()) loop_.watch(child->fd());
  }
  loop_.wake_at(end_at_);
  if (loop_.wait() > 0) stop(now());
}

// The first time only the ventilator is told: it hands out no more, and ends when what runs is
// done.
void Launcher::stop(Time now) {
  const bool first = !stopped_at_;
  if (!first && now - *stopped_at_ < kMoment) return;
  stopped_at_ = now;
  if (first && steps_ == 0 && ventilator_.running()) {
    ventilator_.signal(SIGTERM);
  } else {
    end_all(now);
  }
}

void Launcher::end_if_over(Time now) {
  if (end_at_ && now >= *end_at_) return end_all(now);
  if (steps_ > 0) return;
  const bool sink_ended = !sink_.running();
  const bool ventilator_ended = !ventilator_.running();
  const auto running = [](const Child& child) { return child.running(); };
  if (in_trouble()) {
    if (!stopped_at_) say_who_was_killed();
    end_all(now);
  } else if (sink_ended && ventilator_ended) {
    end_all(now);
  } else if (sink_ended || (ventilator_ended && stopped_at_)) {
    if (!end_at_) end_at_ = now + kOtherEndsIn;
  } else if (ventilator_ended) {
    return;  // the sink ends by itself, as soon as its reader lets it
  } else if (std::none_of(workers_.begin(), workers_.end(), running)) {
    tell_user(
        "divvy: every worker has ended before the batch has; see what they say with --verbose\n");
    workers_failed_ = true;
    end_all(now);
  }
}

void Launcher::end_all(Time now) {
  const Step& step = kSteps.at(std::min(steps_++, kSteps.size() - 1));
  signal_all(step.signal);
  end_at_ = now + step.until_next;
}

void Launcher::signal_all(int number) {
  for (const Child* const child : children()) child->signal(number);
}

std::vector<Child*> Launcher::children() {
  std::vector<Child*> all{&sink_, &ventilator_};
  for (Child& worker : workers_) all.push_back(&worker);
  return all;
}

bool Launcher::any_running() {
  const auto all = children();
  return std::any_of(all.begin(), all.end(), [](const Child* child) { return child->running(); });
}

bool Launcher::in_trouble() const {
  return std::max(sink_.status(), ventilator_.status()) > kMostCounted + 1;
}

void Launcher::say_who_was_killed() const {
  for (const auto& [name, child] : {std::pair("sink", &sink_), {"ventilator", &ventilator_}}) {
    const int signal = child->status() - 128;
    if (signal <= 0 || signal >= NSIG) continue;
    tell_user(fmt::format("divvy: the {} was killed by SIG{}\n", name, ::sigabbrev_np(signal)));
  }
}

}  // namespace divvy::launcher
