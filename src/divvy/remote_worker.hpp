// A worker on another machine, through ssh.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/time.hpp"
#include "divvy/child.hpp"
#include "divvy/rules/recovery.hpp"

namespace divvy::launcher {

class RemoteWorker {
 public:
  struct Settings {
    std::string name{};              // the host's, for people
    std::vector<std::string> ssh{};  // command line
    std::string input{};             // for kReadScript there, and what its script reads: the key
  };

  /// What has become of it.
  struct News {
    bool starts_at_home = false;
    std::optional<std::string> left_out{};  // why: it is not started again
  };

  /// Starts ssh.
  explicit RemoteWorker(Settings settings);

  /// To be called when ssh has said something, when it has ended, and at the deadline.
  News update(Log& log, Time now);
  void add_to(EventLoop& loop) const;
  /// Whether ssh runs, or will run again.
  [[nodiscard]] bool has_ended() const { return !starts_at_ && !ssh_.running(); }
  /// Whether nothing is heard of a worker yet.
  [[nodiscard]] bool is_starting() const { return ssh_.running() && !works_; }
  /// From now on it is not started again.
  void give_up() {
    given_up_ = true;
    starts_at_.reset();
  }

  [[nodiscard]] const std::string& name() const { return settings_.name; }
  [[nodiscard]] Child& ssh() { return ssh_; }
  /// SIGTERM ends it as two stops do; SIGKILL ends ssh, and it thereby; others do not travel.
  void signal(int number);
  /// So that it knows, and the machines between us, that this end is there.
  void beat() const { ssh_.tell('\n'); }

 private:
  Child start() const;
  void read(News& news, Log& log, Time now);
  void take_line(const std::string& line, News& news, Log& log, Time now);
  void note_end(News& news, Log& log, Time now);
  void start_again(Time now);
  [[nodiscard]] std::string why_ended() const;

  Settings settings_;
  Child ssh_;
  Recovery recovery_;
  bool works_ = false;  // its script has found a worker to run
  std::string unread_;  // the beginning of a line
  std::string last_line_;
  bool says_no_more_ = false;
  bool end_noted_ = false;
  bool given_up_ = false;
  bool told_to_end_ = false;
  std::optional<Time> starts_at_;
};

}  // namespace divvy::launcher
