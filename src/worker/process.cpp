#include "worker/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>
#include <stdexcept>
#include <string_view>

#include "common/program_path.hpp"
#include "worker/shortage.hpp"

namespace divvy::worker {
namespace {

std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> list;
  list.reserve(strings.size() + 1);
  for (std::string& string : strings) list.push_back(string.data());
  list.push_back(nullptr);
  return list;
}

// What the new process needs. Until it runs its program it has the memory of this one.
struct Plan {
  std::vector<char*> paths{};  // of the program, to be tried
  std::vector<char*> words{};
  std::vector<char*> environment{};
  std::array<int, 3> streams{};
  const Inheritance* inheritance = nullptr;
  std::optional<int> nice{};
  Watchdog::Entry* group = nullptr;
  int error = 0;  // why it could not be run
};

void reset_signals(const sigset_t& ignored) {
  for (int signal = 1; signal < NSIG; ++signal) {
    if (sigismember(&ignored, signal) != 1) ::signal(signal, SIG_DFL);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

// As execvp(), but what is no program is not taken for a shell's script.
int execute(const Plan& plan) {
  int error = ENOENT;
  for (std::size_t i = 0; i + 1 < plan.paths.size(); ++i) {
    ::execve(plan.paths[i], plan.words.data(), plan.environment.data());
    if (errno == EACCES) error = EACCES;
    const bool elsewhere = errno == ENOENT || errno == ENOTDIR || errno == EACCES;
    if (!elsewhere) return errno;
  }
  return error;
}

// In the new process, on a stack of its own. The address sanitizer does not know this stack.
__attribute__((no_sanitize("address"))) int become(void* data) {
  Plan& plan = *static_cast<Plan*>(data);
  ::setsid();
  *plan.group = ::getpid();
  for (int fd = 0; fd < 3; ++fd) ::dup2(plan.streams[static_cast<std::size_t>(fd)], fd);
  ::close_range(STDERR_FILENO + 1, ~0U, 0);
  ::setrlimit(RLIMIT_NOFILE, &plan.inheritance->open_files);
  if (plan.nice) ::setpriority(PRIO_PROCESS, 0, *plan.nice);  // it may, see require_nice()
  reset_signals(plan.inheritance->ignored);
  plan.error = execute(plan);
  *plan.group = 0;
  ::_exit(1);
}

// The kernel counts as a process's largest resident set also what it had before it ran its program:
// that is the most that this process has had. So it forgets by now the most, and only what it has
// now counts. Where the kernel cannot do that, nothing is lost.
void forget_most_memory() {
  const Descriptor file(::open("/proc/self/clear_refs", O_WRONLY | O_CLOEXEC));
  constexpr std::string_view peak = "5";
  if (file.open()) (void)!::write(file.get(), peak.data(), peak.size());
}

// No posix_spawn(): the process enters itself before it runs anything, so there is no moment in
// which the watchdog would miss it, and it gets its limit. No fork(): it would copy our page tables
// for each task. The thread stands still until the program runs, so signals have to wait: a handler
// would run in both.
Process clone_into(Plan& plan) {
  constexpr std::size_t enough = 64 << 10;
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-member-init)
  alignas(16) std::array<std::byte, enough> stack;
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  int descriptor = -1;
  const pid_t id = ::clone(become, stack.data() + stack.size(),
                           CLONE_VM | CLONE_VFORK | CLONE_PIDFD | SIGCHLD, &plan, &descriptor);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (id < 0) throw_error(error, "cannot start a process");
  return {.id = id, .descriptor = Descriptor(descriptor)};
}

}  // namespace

// Two are not the user's: the launcher's children ignore SIGTTOU, and all of our programs SIGPIPE.
Inheritance Inheritance::take() {
  Inheritance taken;
  ::getrlimit(RLIMIT_NOFILE, &taken.open_files);
  sigemptyset(&taken.ignored);
  for (int signal = 1; signal < NSIG; ++signal) {
    struct sigaction action {};
    const bool known = ::sigaction(signal, nullptr, &action) == 0;
    const bool ignored = known && action.sa_handler == SIG_IGN;
    const bool is_ours = signal == SIGTTOU || signal == SIGPIPE;
    if (ignored && !is_ours) sigaddset(&taken.ignored, signal);
  }
  return taken;
}

Process start_process(ProcessSettings settings) {
  std::vector<std::string> paths = program_paths(settings.words.front());
  Plan plan{.paths = pointers(paths),
            .words = pointers(settings.words),
            .environment = pointers(settings.environment),
            .streams = settings.streams,
            .inheritance = &settings.inheritance,
            .nice = settings.nice,
            .group = settings.group};
  plan.environment.pop_back();
  for (char** variable = environ; *variable != nullptr; ++variable) {
    plan.environment.push_back(*variable);
  }
  plan.environment.push_back(nullptr);
  forget_most_memory();
  Process process = clone_into(plan);
  if (plan.error == 0) return process;
  ::waitpid(process.id, nullptr, 0);
  if (is_shortage(plan.error)) throw Shortage(plan.error);
  throw std::runtime_error(
      fmt::format("cannot run {}: {}", settings.words.front(), std::strerror(plan.error)));
}

}  // namespace divvy::worker
