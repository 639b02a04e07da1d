#include "worker/command_runner.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "worker/child_process.hpp"
#include "worker/pipe.hpp"
#include "worker/rules/whole_lines.hpp"
#include "worker/shortage.hpp"
#include "worker/task_file.hpp"

namespace divvy::worker {
namespace {

// Each value of a task is a line of its standard input; the last one has its line end from the
// file.
std::string lines_of(const Execution& execution) {
  return fmt::format("{}", fmt::join(values_of(execution.form, execution.text), "\n"));
}

// What is read of one output before it is others' turn: where much is printed without a pause there
// is always more, and the worker would fall silent.
constexpr std::size_t kMostAtOnce = 256 << 10;

}  // namespace

struct CommandRunner::Child : ChildProcess {
  std::uint64_t key = 0;              // of the execution
  std::array<Descriptor, 2> streams;  // by role
  std::array<std::string, 2> printed;
  std::array<std::size_t, 2> taken{};  // of these, by who passes it on
  bool has_printed = false;            // since then
  bool over_limit = false;

  bool over(Time now) {
    const bool open = streams[kOutput].open() || streams[kErrors].open();
    return end.over(now, open, [this] { return group_left(); });
  }
};

CommandRunner::CommandRunner(Command command, Settings settings)
    : command_(std::move(command)),
      settings_(std::move(settings)),
      adopts_(adopts_orphans()),
      watchdog_(settings_.slots),
      ready_(checked(::epoll_create1(EPOLL_CLOEXEC), "cannot prepare to run commands")),
      nothing_(checked(::open("/dev/null", O_RDONLY | O_CLOEXEC), "/dev/null")) {}

CommandRunner::~CommandRunner() {
  for (const auto& [key, child] : children_) {
    child->signal_group(SIGKILL);
    watchdog_.free(*child->group);
    child->reap();
  }
}

Runner::NoRoom CommandRunner::start(const Execution& execution, Time now) {
  auto child = std::make_unique<Child>();
  child->key = execution.key;
  if (settings_.timeout) child->end = CommandEnd(now + *settings_.timeout);
  child->group = &watchdog_.take();
  try {
    spawn(*child, execution);
    children_.emplace(execution.key, std::move(child));
    return {};
  } catch (const Shortage& shortage) {
    watchdog_.free(*child->group);
    return shortage_text(shortage.code().value());
  } catch (const std::exception& error) {
    watchdog_.free(*child->group);
    ended_.push_back({.key = execution.key, .outcome = Outcome::failed, .reason = error.what()});
    return {};
  }
}

void CommandRunner::spawn(Child& child, const Execution& execution) {
  const Descriptor task = input_of(execution);
  Pipe output(Pipe::Ours::read);
  Pipe errors(Pipe::Ours::read);
  if (!children_.empty()) leave_reserve(errors.write.get(), inheritance_);
  const int input = task.open() ? task.get() : nothing_.get();
  Process process = start_process({.words = command_.with(execution),
                                   .environment = environment_of(execution),
                                   .streams = {input, output.write.get(), errors.write.get()},
                                   .inheritance = inheritance_,
                                   .nice = settings_.nice,
                                   .group = child.group});
  child.pid = process.id;
  child.process = std::move(process.descriptor);
  child.streams[kOutput] = std::move(output.read);
  child.streams[kErrors] = std::move(errors.read);
  const std::uint64_t data = execution.key << kRoleBits;
  watch(ready_.get(), child.streams[kOutput].get(), EPOLLIN, data | kOutput);
  watch(ready_.get(), child.streams[kErrors].get(), EPOLLIN, data | kErrors);
  watch(ready_.get(), child.process.get(), EPOLLIN, data | kProcess);
}

Descriptor CommandRunner::input_of(const Execution& execution) const {
  if (execution.form == TextForm::piece) return piece_file(execution.piece);
  return command_.task_on_stdin() ? task_file(lines_of(execution)) : Descriptor();
}

// With --stdin DIVVY_TASK is empty: a task that is too long for an argument is too long for a
// variable.
std::vector<std::string> CommandRunner::environment_of(const Execution& execution) const {
  const bool is_too_long = command_.task_on_stdin() && execution.form != TextForm::piece;
  std::vector<std::string> variables{
      fmt::format("DIVVY_TASK={}", is_too_long ? "" : execution.text),
      fmt::format("DIVVY_ID={}", execution.id), fmt::format("DIVVY_ATTEMPT={}", execution.attempt),
      fmt::format("DIVVY_SLOT={}", execution.slot),
      fmt::format("DIVVY_WORKER={}", settings_.worker)};
  check_arguments(variables);
  return variables;
}

std::vector<Ended> CommandRunner::ended(Time now) {
  std::array<epoll_event, 64> events;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  const int count = ::epoll_wait(ready_.get(), events.data(), events.size(), 0);
  for (int i = 0; i < count; ++i) {
    const std::uint64_t what = events[static_cast<std::size_t>(i)].data.u64;
    const auto at = children_.find(what >> kRoleBits);
    if (at == children_.end()) continue;
    Child& child = *at->second;
    const unsigned role = what & ((1U << kRoleBits) - 1);
    if (role == kProcess) {
      child.process = {};
      child.end.leader_ended(now, child.terminated());
    } else {
      drain(child, role, kMostAtOnce, now);
    }
  }
  advance(now);
  if (adopts_) {
    reap_adopted([this](pid_t pid) {
      return std::any_of(children_.begin(), children_.end(),
                         [pid](const auto& child) { return child.second->pid == pid; });
    });
  }
  return std::exchange(ended_, {});
}

// Reads what is there, but not much more than `most`. Above the limit, by at most a block, the task
// is killed: without the grace, for in two seconds it might print gigabytes.
void CommandRunner::drain(Child& child, unsigned role, std::size_t most, Time now) {
  std::string& printed = child.printed[role];
  Descriptor& stream = child.streams[role];
  std::array<char, 1 << 16> block;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  for (std::size_t done = 0; stream.open() && done <= most;) {
    const ssize_t size = ::read(stream.get(), block.data(), block.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
      stream = {};
      return;
    }
    child.end.printed(now);
    printed.append(block.data(), static_cast<std::size_t>(size));
    done += static_cast<std::size_t>(size);
    child.has_printed = true;
    if (printed.size() > settings_.max_output) {
      child.over_limit = true;
      child.end.kill();
      stream = {};
    }
  }
}

void CommandRunner::advance(Time now) {
  for (auto at = children_.begin(); at != children_.end();) {
    Child& child = *at->second;
    if (const int signal = child.end.signal(now); signal != 0) child.signal_group(signal);
    if (!child.over(now)) {
      ++at;
      continue;
    }
    drain(child, kOutput, settings_.max_output, now);
    drain(child, kErrors, settings_.max_output, now);
    watchdog_.free(*child.group);
    ended_.push_back(end(child));
    at = children_.erase(at);
  }
}

Ended CommandRunner::end(Child& child) const {
  child.reap();
  Ended ended{.key = child.key, .killed = child.end.asked()};
  ended.outcome = child.status.exited ? Outcome::exited : Outcome::signalled;
  ended.status = child.status.number;
  ended.usage = child.usage;
  ended.output = std::move(child.printed[kOutput]);
  ended.errors = std::move(child.printed[kErrors]);
  if (child.end.timed_out()) ended.outcome = Outcome::timed_out;
  if (child.over_limit) {
    ended.outcome = Outcome::failed;
    ended.reason = fmt::format("it printed more than {} bytes", settings_.max_output);
    ended.output.clear();
    ended.errors.clear();
    ended.killed = false;
  }
  return ended;
}

std::optional<Time> CommandRunner::deadline() const {
  if (!ended_.empty()) return Time{};
  std::optional<Time> first;
  for (const auto& [key, child] : children_) {
    first = earlier(first, child->end.deadline());
  }
  return first;
}

// Each gets its share of the room: one that prints without end does not silence the others.
bool CommandRunner::has_printed(const Which& which) const {
  return std::any_of(children_.begin(), children_.end(), [&](const auto& child) {
    return child.second->has_printed && which(child.first);
  });
}

std::vector<PrintedLines> CommandRunner::take_printed(const Which& which, std::size_t most) {
  std::vector<PrintedLines> all;
  const std::size_t share = most / std::max<std::size_t>(1, 2 * children_.size());
  for (const auto& [key, child] : children_) {
    if (!child->has_printed || !which(key)) continue;
    child->has_printed = false;
    for (const unsigned role : {kOutput, kErrors}) take_printed(*child, role, share, all);
  }
  return all;
}

void CommandRunner::take_printed(Child& child, unsigned role, std::size_t most,
                                 std::vector<PrintedLines>& all) {
  const std::string_view printed = child.printed[role];
  std::size_t& taken = child.taken[role];
  const std::string_view lines = whole_lines(printed, taken, most);
  if (lines.empty()) return;
  all.push_back({.key = child.key, .errors = role == kErrors, .offset = taken, .lines = lines});
  taken += lines.size();
  child.has_printed = child.has_printed || !whole_lines(printed, taken, most).empty();
}

void CommandRunner::untake_printed(const Which& which) {
  for (const auto& [key, child] : children_) {
    if (!which(key)) continue;
    child->taken = {};
    child->has_printed = true;
  }
}

void CommandRunner::ask_to_end(const std::unordered_set<std::uint64_t>& keys) {
  for (const auto& [key, child] : children_) {
    if (keys.contains(key)) child->end.ask();
  }
}

void CommandRunner::kill(const std::unordered_set<std::uint64_t>& keys) {
  for (const auto& [key, child] : children_) {
    if (keys.contains(key)) child->end.kill();
  }
}

void CommandRunner::signal_all(int signal) const {
  for (const auto& [key, child] : children_) child->signal_group(signal);
}

}  // namespace divvy::worker
