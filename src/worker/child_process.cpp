#include "worker/child_process.hpp"

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <utility>

#include "worker/rules/execution.hpp"
#include "worker/shortage.hpp"

namespace divvy::worker {
namespace {

constexpr std::uint64_t kKibibyte = 1024;

std::uint64_t nanoseconds(const timeval& time) {
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(time.tv_usec) * 1'000;
}

}  // namespace

// As long as the leader is not reaped nobody else gets its id, which is the group's. Where the
// group has to end it is reaped earlier, to see whether it was the last one; in the two seconds
// until SIGKILL ids do not go round.
void ChildProcess::reap() {
  if (std::exchange(reaped, true)) return;
  int ended = 0;
  rusage used{};
  while (::wait4(pid, &ended, 0, &used) < 0 && errno == EINTR) continue;
  status = {.exited = WIFEXITED(ended),
            .number = WIFEXITED(ended) ? WEXITSTATUS(ended) : WTERMSIG(ended)};
  usage = {.cpu = nanoseconds(used.ru_utime) + nanoseconds(used.ru_stime),
           .max_rss = static_cast<std::uint64_t>(used.ru_maxrss) * kKibibyte};
}

bool ChildProcess::terminated() const {
  siginfo_t info{};
  const auto look = [&] {
    return ::waitid(P_PID, static_cast<id_t>(pid), &info, WEXITED | WNOWAIT);
  };
  while (look() < 0 && errno == EINTR) continue;
  const bool exited = info.si_code == CLD_EXITED;
  return is_terminated(exited ? Outcome::exited : Outcome::signalled, info.si_status);
}

bool ChildProcess::group_left() {
  reap();
  return ::kill(-pid, 0) == 0 || errno == EPERM;
}

bool adopts_orphans() {
  int is_subreaper = 0;
  ::prctl(PR_GET_CHILD_SUBREAPER, &is_subreaper);
  return ::getpid() == 1 || is_subreaper != 0;
}

// Our own are waited for elsewhere; one that has ended just now hides others until the next time.
void reap_adopted(const std::function<bool(pid_t)>& is_ours) {
  while (true) {
    siginfo_t info{};
    if (::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0) return;
    if (info.si_pid == 0 || is_ours(info.si_pid)) return;
    ::waitpid(info.si_pid, nullptr, 0);
  }
}

// We have raised our limit as far as it goes.
void leave_reserve(int newest, const Inheritance& inheritance) {
  // Besides what listeners keep for themselves: tasks leave room for connections.
  constexpr rlim_t room_for_lanes = 16;
  const auto wanted = static_cast<rlim_t>(newest) + reserved_descriptors() + room_for_lanes;
  if (wanted >= inheritance.open_files.rlim_max) throw Shortage(EMFILE);
}

}  // namespace divvy::worker
