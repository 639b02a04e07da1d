// The launcher's workers on other machines.
#pragma once

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/time.hpp"
#include "divvy/child.hpp"
#include "divvy/remote_worker.hpp"
#include "divvy/rules/hosts.hpp"
#include "divvy/rules/left_out.hpp"
#include "divvy/rules/remote_script.hpp"

namespace divvy::launcher {

/// One on each host. The batch goes on without those that cannot be reached.
class RemoteCrew {
 public:
  struct Settings {
    std::vector<Host> hosts{};       // others than this one
    std::vector<std::string> ssh{};  // the command that reaches them
    RemoteStart start{};             // what is the same on all
    std::string slots{};             // of a host that names none
    std::string key{};
  };

  /// Starts them all, side by side.
  RemoteCrew(const Settings& settings, Time now);

  /// Says which are waited for, lost and left out, and starts those again that may come back.
  void update(Log& log, Time now);
  /// Those that are to be told of later are told of now.
  void tell_rest(Log& log);
  void add_to(EventLoop& loop) const;

  /// Whether there are none any more, and there will be none.
  [[nodiscard]] bool has_ended() const;
  /// Those that are lost are not started again.
  void give_up();
  /// What has been started for them here.
  [[nodiscard]] std::vector<Child*> children();
  void signal(int number);

 private:
  void beat(Time now);
  void tell_who_is_slow(const Log& log, Time now);

  std::string directory_;  // where they run, if it is there
  std::deque<RemoteWorker> workers_;
  LeftOut left_out_;
  std::optional<Time> beats_at_;
  std::optional<Time> slow_at_;  // when those are named that ssh has not reached yet
  bool told_of_home_ = false;
};

/// As it is typed here, which may be what it is called on other machines, too.
std::string working_directory();

}  // namespace divvy::launcher
