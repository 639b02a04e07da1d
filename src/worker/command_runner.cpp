#include "worker/command_runner.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <spawn.h>
#include <sys/epoll.h>
#include <sys/wait.h>
#include <unistd.h>

// Debian 12's version of it does not say that it is C.
extern "C" {
#include <sys/pidfd.h>
}

#include <array>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "worker/task_file.hpp"

namespace divvy::worker {
namespace {

using namespace std::chrono_literals;

constexpr auto kGrace = 2s;  // between being asked to end and being killed

// What a descriptor of a child is, in the lowest bits of what epoll hands back.
enum Role : unsigned { kOutput, kErrors, kProcess };
constexpr unsigned kRoleBits = 2;

[[noreturn]] void throw_errno(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct Pipe {
  Descriptor read;
  Descriptor write;

  Pipe() {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC) != 0) throw_errno("pipe");
    read = Descriptor(ends[0]);
    write = Descriptor(ends[1]);
    ::fcntl(ends[0], F_SETFL, O_NONBLOCK);
  }
};

// posix_spawn's two parameter objects, with what every child gets.
class SpawnSetup {
 public:
  SpawnSetup(int input, int output, int errors) {
    posix_spawn_file_actions_init(&actions_);
    posix_spawn_file_actions_adddup2(&actions_, input, STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, output, STDOUT_FILENO);
    posix_spawn_file_actions_adddup2(&actions_, errors, STDERR_FILENO);
    posix_spawn_file_actions_addclosefrom_np(&actions_, STDERR_FILENO + 1);

    posix_spawnattr_init(&attributes_);
    posix_spawnattr_setflags(
        &attributes_, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes_, 0);
    sigset_t signals;
    sigemptyset(&signals);
    posix_spawnattr_setsigmask(&attributes_, &signals);
    sigfillset(&signals);
    posix_spawnattr_setsigdefault(&attributes_, &signals);
  }
  SpawnSetup(const SpawnSetup&) = delete;
  SpawnSetup& operator=(const SpawnSetup&) = delete;
  ~SpawnSetup() {
    posix_spawnattr_destroy(&attributes_);
    posix_spawn_file_actions_destroy(&actions_);
  }

  /// Returns the error number, 0 for none.
  int spawn(pid_t& pid, std::vector<std::string>& words, std::vector<std::string>& environment) {
    const std::vector<char*> argv = pointers(words);
    std::vector<char*> env = pointers(environment);
    env.pop_back();
    for (char** inherited = environ; *inherited != nullptr; ++inherited) env.push_back(*inherited);
    env.push_back(nullptr);
    return ::posix_spawnp(&pid, argv.front(), &actions_, &attributes_, argv.data(), env.data());
  }

 private:
  static std::vector<char*> pointers(std::vector<std::string>& strings) {
    std::vector<char*> list;
    list.reserve(strings.size() + 1);
    for (std::string& string : strings) list.push_back(string.data());
    list.push_back(nullptr);
    return list;
  }

  posix_spawn_file_actions_t actions_{};
  posix_spawnattr_t attributes_{};
};

}  // namespace

struct CommandRunner::Child {
  std::uint64_t key = 0;  // of the execution
  pid_t pid = 0;
  Descriptor process;
  std::array<Descriptor, 2> streams;  // by role
  std::array<std::string, 2> printed;
  std::optional<Time> deadline;
  bool timed_out = false;
  bool over_limit = false;

  // The group lives on as long as anybody is in it, also after its leader.
  void signal_group(int signal) const { ::kill(-pid, signal); }
};

CommandRunner::CommandRunner(Command command, Settings settings)
    : command_(std::move(command)),
      settings_(std::move(settings)),
      ready_(::epoll_create1(EPOLL_CLOEXEC)),
      nothing_(::open("/dev/null", O_RDONLY | O_CLOEXEC)) {
  if (!ready_.open() || !nothing_.open()) throw_errno("cannot prepare to run commands");
}

CommandRunner::~CommandRunner() {
  for (const auto& [key, child] : children_) {
    child->signal_group(SIGKILL);
    ::waitpid(child->pid, nullptr, 0);
  }
}

void CommandRunner::start(const Execution& execution, Time now) {
  auto child = std::make_unique<Child>();
  child->key = execution.key;
  if (settings_.timeout) child->deadline = now + *settings_.timeout;
  try {
    spawn(*child, execution);
    children_.emplace(execution.key, std::move(child));
  } catch (const std::exception& error) {
    ended_.push_back({.key = execution.key, .outcome = Outcome::failed, .reason = error.what()});
  }
}

void CommandRunner::spawn(Child& child, const Execution& execution) {
  Pipe output;
  Pipe errors;
  const Descriptor task = command_.task_on_stdin() ? task_file(execution.text) : Descriptor();
  SpawnSetup setup(task.open() ? task.get() : nothing_.get(), output.write.get(),
                   errors.write.get());
  std::vector<std::string> words = command_.with(execution);
  std::vector<std::string> environment = environment_of(execution);
  if (const int error = setup.spawn(child.pid, words, environment); error != 0) {
    throw std::runtime_error(fmt::format("cannot run {}: {}", words.front(), std::strerror(error)));
  }
  child.process = Descriptor(::pidfd_open(child.pid, 0));
  child.streams[kOutput] = std::move(output.read);
  child.streams[kErrors] = std::move(errors.read);
  if (!child.process.open()) {
    const int error = errno;
    child.signal_group(SIGKILL);
    ::waitpid(child.pid, nullptr, 0);
    throw std::system_error(error, std::generic_category(), "cannot watch a process");
  }
  watch(child.streams[kOutput].get(), execution.key, kOutput);
  watch(child.streams[kErrors].get(), execution.key, kErrors);
  watch(child.process.get(), execution.key, kProcess);
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
    const auto child = children_.find(what >> kRoleBits);
    if (child == children_.end()) continue;
    const unsigned role = what & ((1U << kRoleBits) - 1);
    if (role == kProcess) {
      reap(*child->second);
      children_.erase(child);
    } else {
      drain(*child->second, role);
    }
  }
  enforce_deadlines(now);
  return std::exchange(ended_, {});
}

// Reads what is there. Above the limit, by at most a block, the task is killed.
void CommandRunner::drain(Child& child, unsigned role) const {
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
    printed.append(block.data(), static_cast<std::size_t>(size));
    if (printed.size() > settings_.max_output) {
      child.over_limit = true;
      child.signal_group(SIGKILL);
      stream = {};
    }
  }
}

void CommandRunner::reap(Child& child) {
  drain(child, kOutput);
  drain(child, kErrors);
  siginfo_t info{};
  ::waitid(P_PIDFD, static_cast<id_t>(child.process.get()), &info, WEXITED);
  Ended ended;
  ended.key = child.key;
  ended.outcome = info.si_code == CLD_EXITED ? Outcome::exited : Outcome::signalled;
  ended.status = info.si_status;
  ended.output = std::move(child.printed[kOutput]);
  ended.errors = std::move(child.printed[kErrors]);
  if (child.timed_out) {
    child.signal_group(SIGKILL);  // whatever of the group ignored the first signal
    ended.outcome = Outcome::timed_out;
  }
  if (child.over_limit) {
    ended.outcome = Outcome::failed;
    ended.reason = fmt::format("it printed more than {} bytes", settings_.max_output);
    ended.output.clear();
    ended.errors.clear();
  }
  ended_.push_back(std::move(ended));
}

std::optional<Time> CommandRunner::deadline() const {
  if (!ended_.empty()) return Time{};
  std::optional<Time> first;
  for (const auto& [key, child] : children_) {
    if (child->deadline && (!first || *child->deadline < *first)) first = child->deadline;
  }
  return first;
}

void CommandRunner::enforce_deadlines(Time now) {
  for (const auto& [key, child] : children_) {
    if (!child->deadline || *child->deadline > now) continue;
    child->signal_group(child->timed_out ? SIGKILL : SIGTERM);
    child->timed_out = true;
    child->deadline = now + kGrace;
  }
}

void CommandRunner::kill(const std::unordered_set<std::uint64_t>& keys) {
  for (const auto& [key, child] : children_) {
    if (keys.contains(key)) child->signal_group(SIGKILL);
  }
}

void CommandRunner::signal_all(int signal) const {
  for (const auto& [key, child] : children_) child->signal_group(signal);
}

}  // namespace divvy::worker
