#include "divvy/remote_worker.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <string_view>
#include <system_error>
#include <utility>

#include "divvy/rules/remote_script.hpp"

namespace divvy::launcher {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kLongestLine = 4096;
constexpr int kSshTrouble = 255;

}  // namespace

RemoteWorker::RemoteWorker(Settings settings) : settings_(std::move(settings)), ssh_(start()) {}

Child RemoteWorker::start() const {
  return Child({.path = settings_.ssh.front(),
                .arguments = {settings_.ssh.begin() + 1, settings_.ssh.end()},
                .input = settings_.input,
                .is_heard = true});
}

void RemoteWorker::add_to(EventLoop& loop) const {
  if (!says_no_more_) loop.watch(ssh_.output());
  loop.wake_at(starts_at_);
}

RemoteWorker::News RemoteWorker::update(Log& log, Time now) {
  News news;
  read(news, log, now);
  if (!ssh_.running() && !end_noted_) note_end(news, log, now);
  if (starts_at_ && now >= *starts_at_) start_again(now);
  return news;
}

void RemoteWorker::read(News& news, Log& log, Time now) {
  std::array<char, 4096> bytes{};
  while (true) {
    const ssize_t size = ::read(ssh_.output(), bytes.data(), bytes.size());
    if (size == 0) {
      says_no_more_ = true;
      take_line(std::exchange(unread_, {}), news, log, now);
    }
    if (size <= 0) return;
    unread_.append(bytes.data(), static_cast<std::size_t>(size));
    for (auto end = unread_.find('\n'); end != std::string::npos; end = unread_.find('\n')) {
      take_line(unread_.substr(0, end), news, log, now);
      unread_.erase(0, end + 1);
    }
    if (unread_.size() > kLongestLine) take_line(std::exchange(unread_, {}), news, log, now);
  }
}

// Until the worker starts there may be greetings of its host, even without a line's end, and
// warnings of ssh's. The last line says why it does not start.
void RemoteWorker::take_line(const std::string& line, News& news, Log& log, Time now) {
  const bool here = line.ends_with(kStartsHere);
  if (!works_ && (here || line.ends_with(kStartsAtHome))) {
    works_ = true;
    recovery_.works(now);
    news.starts_at_home = !here;
    return log.debug(fmt::format("{}: a worker starts", settings_.name));
  }
  if (line.find_first_not_of(" \t\r") == std::string::npos) return;
  last_line_ = line.ends_with('\r') ? line.substr(0, line.size() - 1) : line;
  const std::string text = fmt::format("{}: {}", settings_.name, last_line_);
  works_ ? log.warn_rate_limited(last_line_, text) : log.debug(text);
}

std::string RemoteWorker::why_ended() const {
  const int status = ssh_.status();
  if (ssh_.killed_by() != 0)
    return fmt::format("ssh was killed by {}", signal_name(ssh_.killed_by()));
  if (!works_ || status == kSshTrouble) {
    return last_line_.empty() ? fmt::format("ssh has ended with status {}", status) : last_line_;
  }
  if (status == 0) return "its worker has left";
  if (status > 128) return fmt::format("its worker was killed by {}", signal_name(status - 128));
  return last_line_.empty() ? fmt::format("its worker has ended with {}", status) : last_line_;
}

void RemoteWorker::note_end(News& news, Log& log, Time now) {
  end_noted_ = true;
  if (told_to_end_) return;
  const bool was_lost = ssh_.killed_by() != 0 || ssh_.status() > 128;
  if (was_lost && !given_up_) starts_at_ = recovery_.lost(now);
  if (!starts_at_) {
    news.left_out = why_ended();
    return;
  }
  log.warn(fmt::format("{} is lost: {}; it is tried again in {} s", settings_.name, why_ended(),
                       (*starts_at_ - now) / 1s));
}

void RemoteWorker::start_again(Time now) {
  try {
    ssh_ = start();
    starts_at_.reset();
    works_ = says_no_more_ = end_noted_ = false;
    unread_.clear();
    last_line_.clear();
  } catch (const std::system_error&) {
    starts_at_ = now + 1s;  // there is no room now
  }
}

void RemoteWorker::signal(int number) {
  if (number == SIGTERM || number == SIGKILL) {
    told_to_end_ = true;
    give_up();
  }
  if (number == SIGKILL || (number == SIGTERM && !works_)) ssh_.signal(number);
  if (number == SIGTERM) ssh_.hang_up();
  if (number == SIGTSTP) ssh_.tell('p');
  if (number == SIGCONT) beat();
}

}  // namespace divvy::launcher
