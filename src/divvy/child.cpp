#include "divvy/child.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

// Debian 12's version of it does not say that it is C.
extern "C" {
#include <sys/pidfd.h>
}

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <string_view>
#include <system_error>
#include <utility>

#include "common/standard_streams.hpp"

namespace divvy::launcher {
namespace {

// That of this process when this was first asked.
std::uint64_t given_descriptor_limit() {
  static const std::uint64_t given = descriptor_limit();
  return given;
}

// The launcher passes on what the terminal signals. Only a child that reads the terminal stays in
// its foreground group. The others ignore no more signals than the user wants, for tasks inherit
// it.
void leave_terminal(bool reads_terminal) {
  ::signal(SIGTTOU, SIG_IGN);
  if (reads_terminal) {
    for (const int number : {SIGINT, SIGQUIT, SIGHUP}) ::signal(number, SIG_IGN);
  } else {
    ::setpgid(0, 0);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
}

void redirect(int fd, int flags) {
  const int null = ::open("/dev/null", flags);
  ::dup2(null, fd);
  if (null != fd) ::close(null);
}

std::vector<char*> pointers(const std::vector<std::string>& words) {
  std::vector<char*> list;
  list.reserve(words.size() + 1);
  for (const std::string& word : words) list.push_back(const_cast<char*>(word.c_str()));
  list.push_back(nullptr);
  return list;
}

[[noreturn]] void fail(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

struct Pipe {
  Descriptor reader;
  Descriptor writer;
};

Pipe make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) fail("pipe");
  return {Descriptor(ends[0]), Descriptor(ends[1])};
}

void never_wait(const Descriptor& fd) {
  ::fcntl(fd.get(), F_SETFL, ::fcntl(fd.get(), F_GETFL) | O_NONBLOCK);
}

// A user who has many pipes gets small ones.
std::size_t room_in(const Pipe& pipe) {
  return static_cast<std::size_t>(std::max(0, ::fcntl(pipe.writer.get(), F_GETPIPE_SZ)));
}

Pipe make_pipe_with(std::string_view text) {
  Pipe pipe = make_pipe();
  const std::size_t wanted = text.size() + 4096;  // for what it is told later, too
  if (room_in(pipe) < wanted) ::fcntl(pipe.writer.get(), F_SETPIPE_SZ, static_cast<int>(wanted));
  if (room_in(pipe) < text.size()) fail("the command is too long for a pipe");
  never_wait(pipe.writer);
  (void)write_all(pipe.writer.get(), text);
  return pipe;
}

struct Pipes {
  Pipe input;
  Pipe output;
};

void set_streams(const Child::Settings& settings, const Pipes& pipes) {
  if (settings.input) {
    ::dup2(pipes.input.reader.get(), STDIN_FILENO);
  } else if (!settings.reads_input) {
    redirect(STDIN_FILENO, O_RDONLY);
  }
  if (settings.mute) redirect(STDOUT_FILENO, O_WRONLY);
  if (!settings.is_heard) return;
  for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) ::dup2(pipes.output.writer.get(), fd);
}

[[noreturn]] void become(const Child::Settings& settings, const Pipes& pipes, pid_t launcher) {
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != launcher) ::_exit(255);  // it has ended already
  leave_terminal(settings.reads_input && ::isatty(STDIN_FILENO) != 0);
  set_streams(settings, pipes);
  set_descriptor_limit(given_descriptor_limit());
  if (settings.inherits >= 0) ::fcntl(settings.inherits, F_SETFD, 0);
  std::vector<std::string> words{settings.path.substr(settings.path.rfind('/') + 1)};
  words.insert(words.end(), settings.arguments.begin(), settings.arguments.end());
  for (const std::string& variable : settings.environment) {
    ::putenv(const_cast<char*>(variable.c_str()));
  }
  ::execvp(settings.path.c_str(), pointers(words).data());
  std::fprintf(stderr, "divvy: cannot run %s: %s\n", settings.path.c_str(), std::strerror(errno));
  ::_exit(255);
}

}  // namespace

std::string signal_name(int number) {
  const char* const name = ::sigabbrev_np(number);
  return name == nullptr ? fmt::format("signal {}", number) : fmt::format("SIG{}", name);
}

void make_room_for_children() {
  (void)given_descriptor_limit();
  raise_descriptor_limit();
}

Child::Child(const Settings& settings) {
  Pipes pipes;
  if (settings.input) pipes.input = make_pipe_with(*settings.input);
  if (settings.is_heard) {
    pipes.output = make_pipe();
    never_wait(pipes.output.reader);
  }
  const pid_t launcher = ::getpid();
  const pid_t pid = ::fork();
  if (pid == 0) become(settings, pipes, launcher);
  if (pid < 0) fail("cannot start a process");
  process_ = checked(::pidfd_open(pid, 0), "cannot watch a process");
  input_ = std::move(pipes.input.writer);
  output_ = std::move(pipes.output.reader);
}

void Child::tell(char byte) const {
  if (!input_.open()) return;
  [[maybe_unused]] const ssize_t size = ::write(input_.get(), &byte, 1);
}

void Child::reap() {
  siginfo_t info{};
  const auto id = static_cast<id_t>(process_.get());
  if (!running() || ::waitid(P_PIDFD, id, &info, WEXITED | WNOHANG) != 0) return;
  if (info.si_pid == 0) return;
  if (info.si_code != CLD_EXITED) killed_by_ = info.si_status;
  status_ = killed_by_ == 0 ? info.si_status : 128 + killed_by_;
}

void Child::signal(int number) const {
  if (running()) ::pidfd_send_signal(process_.get(), number, nullptr, 0);
}

}  // namespace divvy::launcher
