#include "worker/watchdog.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// Debian 12's version of it does not say that it is C.
extern "C" {
#include <sys/pidfd.h>
}

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <span>
#include <system_error>

namespace divvy::worker {
namespace {

using Entries = std::span<Watchdog::Entry>;

constexpr timespec kLook{.tv_sec = 0, .tv_nsec = 20'000'000};
constexpr int kLooks = 100;  // two seconds

bool is_left(const Watchdog::Entry& entry) {
  return entry != 0 && (::kill(-entry, 0) == 0 || errno == EPERM);
}

void signal_all(Entries entries, int signal) {
  for (const Watchdog::Entry& entry : entries) {
    if (entry != 0) ::kill(-entry, signal);
  }
}

// These processes are not our children: all that we can do is to look.
void end_groups(Entries entries) {
  signal_all(entries, SIGTERM);
  signal_all(entries, SIGCONT);  // what the user has stopped would not hear of it
  for (int i = 0; i < kLooks && std::any_of(entries.begin(), entries.end(), is_left); ++i) {
    ::nanosleep(&kLook, nullptr);
  }
  for (Watchdog::Entry& entry : entries) {
    if (!is_left(entry)) entry = 0;
  }
  signal_all(entries, SIGKILL);
}

[[noreturn]] void watch(pid_t worker, Entries entries) {
  ::setsid();
  sigset_t all;
  sigfillset(&all);
  sigprocmask(SIG_BLOCK, &all, nullptr);
  ::prctl(PR_SET_NAME, "worker-watchdog");
  ::close_range(0, ~0U, 0);
  pollfd process{.fd = ::pidfd_open(worker, 0), .events = POLLIN, .revents = 0};
  if (process.fd < 0) ::_exit(1);
  // Its id may be another process's by now only if it is not our parent any more.
  while (::getppid() == worker && ::poll(&process, 1, -1) < 0) continue;
  end_groups(entries);
  ::_exit(0);
}

}  // namespace

Watchdog::Watchdog(std::size_t most_groups) : count_(most_groups) {
  void* const memory = ::mmap(nullptr, count_ * sizeof(Entry), PROT_READ | PROT_WRITE,
                              MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  const pid_t worker = ::getpid();
  const pid_t pid = memory == MAP_FAILED ? -1 : ::fork();
  if (pid < 0) throw std::system_error(errno, std::generic_category(), "cannot watch over tasks");
  entries_ = static_cast<Entry*>(memory);  // zeros
  if (pid == 0) watch(worker, {entries_, count_});
  process_ = Descriptor(::pidfd_open(pid, 0));
  for (std::size_t i = count_; i > 0; --i) unused_.push_back(entries_ + i - 1);
}

Watchdog::~Watchdog() {
  siginfo_t info{};
  ::pidfd_send_signal(process_.get(), SIGKILL, nullptr, 0);
  ::waitid(P_PIDFD, static_cast<id_t>(process_.get()), &info, WEXITED);
  ::munmap(entries_, count_ * sizeof(Entry));
}

Watchdog::Entry& Watchdog::take() {
  Entry& entry = *unused_.back();
  unused_.pop_back();
  return entry;
}

void Watchdog::free(Entry& entry) {
  entry = 0;
  unused_.push_back(&entry);
}

}  // namespace divvy::worker
