#include "divvy/remote_crew.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <utility>

#include "common/waiting.hpp"

namespace divvy::launcher {
namespace {

using namespace std::chrono_literals;
namespace fs = std::filesystem;

// Often enough for a worker that waits a minute for it.
constexpr auto kBeatEvery = 5s;

// OpenSSH: it must not ask for a password, on one terminal for all hosts; and has to notice when
// the other end does not answer, or does not answer any more. What the user says comes first, and
// counts.
const std::vector<std::string> kOptionsOfSsh{"-T", "-oBatchMode=yes", "-oConnectTimeout=10",
                                             "-oServerAliveInterval=5", "-oServerAliveCountMax=3"};

bool is_openssh(const std::string& program) {
  return program.substr(program.rfind('/') + 1) == "ssh";
}

std::vector<std::string> command_for(const Host& host, std::vector<std::string> ssh) {
  if (is_openssh(ssh.front())) ssh.insert(ssh.end(), kOptionsOfSsh.begin(), kOptionsOfSsh.end());
  ssh.push_back(host.login);
  ssh.emplace_back(kReadScript);
  return ssh;
}

std::string input_for(const Host& host, const RemoteCrew::Settings& settings) {
  RemoteStart start = settings.start;
  const std::string& slots = host.slots.empty() ? settings.slots : host.slots;
  start.arguments.insert(start.arguments.begin(), {"--slots=" + slots, "--name=" + host.name});
  return remote_script(start) + settings.key;
}

}  // namespace

std::string working_directory() {
  const char* const typed = std::getenv("PWD");
  std::error_code ignored;
  if (typed != nullptr && *typed == '/' && fs::equivalent(typed, ".", ignored)) return typed;
  return fs::current_path(ignored).string();
}

RemoteCrew::RemoteCrew(const Settings& settings, Time now) : directory_(settings.start.directory) {
  for (const Host& host : settings.hosts) {
    workers_.emplace_back(RemoteWorker::Settings{.name = host.name,
                                                 .ssh = command_for(host, settings.ssh),
                                                 .input = input_for(host, settings)});
  }
  if (!workers_.empty()) slow_at_ = now + Waiting::kPatience;
}

void RemoteCrew::update(Log& log, Time now) {
  for (RemoteWorker& worker : workers_) {
    const RemoteWorker::News news = worker.update(log, now);
    if (news.left_out) left_out_.add(worker.name(), *news.left_out, now);
    if (news.starts_at_home && !std::exchange(told_of_home_, true)) {
      log.info(fmt::format("{} has no directory {}; there tasks run in the home directory",
                           worker.name(), directory_));
    }
  }
  for (const std::string& line : left_out_.due(now)) log.warn(line);
  tell_who_is_slow(log, now);
  beat(now);
}

void RemoteCrew::tell_rest(Log& log) {
  for (const std::string& line : left_out_.rest()) log.warn(line);
}

// Once. What becomes of them is told later.
void RemoteCrew::tell_who_is_slow(const Log& log, Time now) {
  if (!slow_at_ || now < *slow_at_) return;
  slow_at_.reset();
  std::vector<std::string> names;
  for (const RemoteWorker& worker : workers_) {
    if (worker.is_starting()) names.push_back(worker.name());
  }
  if (!names.empty()) log.info("waiting for ssh to reach " + names_of(names));
}

void RemoteCrew::beat(Time now) {
  if (workers_.empty() || (beats_at_ && now < *beats_at_)) return;
  beats_at_ = now + kBeatEvery;
  for (const RemoteWorker& worker : workers_) worker.beat();
}

void RemoteCrew::add_to(EventLoop& loop) const {
  for (const RemoteWorker& worker : workers_) {
    worker.add_to(loop);
  }
  loop.wake_at(left_out_.deadline());
  loop.wake_at(beats_at_);
  loop.wake_at(slow_at_);
}

bool RemoteCrew::has_ended() const {
  return std::all_of(workers_.begin(), workers_.end(),
                     [](const RemoteWorker& worker) { return worker.has_ended(); });
}

void RemoteCrew::give_up() {
  for (RemoteWorker& worker : workers_) worker.give_up();
}

std::vector<Child*> RemoteCrew::children() {
  std::vector<Child*> all;
  for (RemoteWorker& worker : workers_) all.push_back(&worker.ssh());
  return all;
}

void RemoteCrew::signal(int number) {
  for (RemoteWorker& worker : workers_) worker.signal(number);
}

}  // namespace divvy::launcher
