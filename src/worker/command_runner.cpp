#include "worker/command_runner.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "worker/rules/command_end.hpp"
#include "worker/shortage.hpp"
#include "worker/task_file.hpp"

namespace divvy::worker {
namespace {

// What a descriptor of a child is, in the lowest bits of what epoll hands back.
enum Role : unsigned { kOutput, kErrors, kProcess };
constexpr unsigned kRoleBits = 2;
// Besides what listeners keep for themselves: tasks leave room for connections.
constexpr rlim_t kRoomForLanes = 16;

struct Pipe {
  Descriptor read;
  Descriptor write;

  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_error(errno, "pipe");
    read = Descriptor(ends[0]);
    write = Descriptor(ends[1]);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  }
};

bool adopts_orphans() {
  int is_subreaper = 0;
  ::prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper);
  return ::getpid() == 1 || is_subreaper != 0;
}

}  // namespace

struct CommandRunner::Child {
  std::uint64_t key = 0;  // of the execution
  pid_t pid = 0;          // and its group's
  Watchdog::Entry* group = nullptr;
  Descriptor process;                 // until it has ended
  std::array<Descriptor, 2> streams;  // by role
  std::array<std::string, 2> printed;
  siginfo_t status{};
  CommandEnd end;
  bool over_limit = false;
  bool reaped = false;

  // The group lives on as long as anybody is in it, also after its leader.
  void signal_group(int signal) const { ::kill(-pid, signal); }

  // As long as the leader is not reaped nobody else gets its id, which is the group's. Where the
  // group has to end it is reaped earlier, to see whether it was the last one; in the two seconds
  // until SIGKILL ids do not go round.
  void reap() {
    if (!std::exchange(reaped, true)) ::waitid(P_PID, static_cast<id_t>(pid), &status, WEXITED);
  }
  bool group_left() {
    reap();
    return ::kill(-pid, 0) == 0 || errno == EPERM;
  }
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
  const Descriptor task = command_.task_on_stdin() ? task_file(execution.text) : Descriptor();
  Pipe output;
  Pipe errors;
  leave_reserve(errors.write.get());
  const int input = task.open() ? task.get() : nothing_.get();
  Process process = start_process({.words = command_.with(execution),
                                   .environment = environment_of(execution),
                                   .streams = {input, output.write.get(), errors.write.get()},
                                   .inheritance = inheritance_,
                                   .group = child.group});
  child.pid = process.id;
  child.process = std::move(process.descriptor);
  child.streams[kOutput] = std::move(output.read);
  child.streams[kErrors] = std::move(errors.read);
  watch(child.streams[kOutput].get(), execution.key, kOutput);
  watch(child.streams[kErrors].get(), execution.key, kErrors);
  watch(child.process.get(), execution.key, kProcess);
}

// A new descriptor has the lowest number that is free, so it tells how many there are. We have
// raised our limit as far as it goes.
void CommandRunner::leave_reserve(int newest) const {
  const auto wanted = static_cast<rlim_t>(newest) + reserved_descriptors() + kRoomForLanes;
  if (!children_.empty() && wanted >= inheritance_.open_files.rlim_max) throw Shortage(EMFILE);
}

// With --stdin DIVVY_TASK is empty: a task that is too long for an argument is too long for a
// variable.
std::vector<std::string> CommandRunner::environment_of(const Execution& execution) const {
  std::vector<std::string> variables{
      fmt::format("DIVVY_TASK={}", command_.task_on_stdin() ? "" : execution.text),
      fmt::format("DIVVY_ID={}", execution.id), fmt::format("DIVVY_ATTEMPT={}", execution.attempt),
      fmt::format("DIVVY_SLOT={}", execution.slot),
      fmt::format("DIVVY_WORKER={}", settings_.worker)};
  check_arguments(variables);
  return variables;
}

void CommandRunner::watch(int fd, std::uint64_t key, unsigned role) const {
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.u64 = key << kRoleBits | role;
  ::epoll_ctl(ready_.get(), EPOLL_CTL_ADD, fd, &event);
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
    if (role != kProcess) {
      drain(child, role, now);
      continue;
    }
    child.process = {};
    child.end.leader_ended(now);
    drain(child, kOutput, now);
    drain(child, kErrors, now);
  }
  advance(now);
  if (adopts_) reap_adopted();
  return std::exchange(ended_, {});
}

// Reads what is there. Above the limit, by at most a block, the task is killed: without the grace,
// for in two seconds it might print gigabytes.
void CommandRunner::drain(Child& child, unsigned role, Time now) const {
  std::string& printed = child.printed[role];
  Descriptor& stream = child.streams[role];
  std::array<char, 1 << 16> block;  // NOLINT(cppcoreguidelines-pro-type-member-init)
  while (stream.open()) {
    const ssize_t size = ::read(stream.get(), block.data(), block.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0 && errno == EAGAIN) return;
    if (size <= 0) {
      stream = {};
      return;
    }
    child.end.printed(now);
    printed.append(block.data(), static_cast<std::size_t>(size));
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
    drain(child, kOutput, now);
    drain(child, kErrors, now);
    watchdog_.free(*child.group);
    ended_.push_back(end(child));
    at = children_.erase(at);
  }
}

Ended CommandRunner::end(Child& child) const {
  child.reap();
  Ended ended{.key = child.key, .killed = child.end.asked()};
  ended.outcome = child.status.si_code == CLD_EXITED ? Outcome::exited : Outcome::signalled;
  ended.status = child.status.si_status;
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
    const auto next = child->end.deadline();
    if (next && (!first || *next < *first)) first = next;
  }
  return first;
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

// Our own are waited for elsewhere; one that has ended just now hides others until the next time.
void CommandRunner::reap_adopted() const {
  const auto is_ours = [&](pid_t pid) {
    return std::any_of(children_.begin(), children_.end(),
                       [&](const auto& child) { return child.second->pid == pid; });
  };
  while (true) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return;
    if (info.si_pid == 0 || is_ours(info.si_pid)) return;
    ::waitpid(info.si_pid, nullptr, 0);
  }
}

}  // namespace divvy::worker
