// All three on this machine: starts a sink, a ventilator and workers, and sees to it that they end.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/event_loop.hpp"
#include "common/time.hpp"
#include "divvy/child.hpp"
#include "divvy/options.hpp"

namespace divvy::launcher {

/// Where the three programs are: the directory DIVVY_BIN, or else that of this one. Throws
/// std::runtime_error if one of them is not there.
std::string program_directory();

/// A directory that only its owner may enter, gone with this object.
class PrivateDirectory {
 public:
  PrivateDirectory();
  ~PrivateDirectory();
  PrivateDirectory(const PrivateDirectory&) = delete;
  PrivateDirectory& operator=(const PrivateDirectory&) = delete;

  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

class Launcher {
 public:
  struct Settings {
    Arguments arguments;
    std::uint32_t jobs = 1;
    bool dry_run = false;
    std::string retry_command;  // for a user whose tasks have failed
  };

  explicit Launcher(const Settings& settings);

  /// Returns the exit status when all have ended.
  int run();
  /// By which the user has stopped it; 0: it was not stopped.
  [[nodiscard]] int stop_signal() const { return loop_.stop_signal(); }

 private:
  Child start(std::string_view program, Child::Settings settings);
  void start_workers();

  void wait();
  void stop(Time now);
  void end_if_over(Time now);
  void end_all(Time now);
  void signal_all(int number);
  [[nodiscard]] std::vector<Child*> children();
  [[nodiscard]] bool any_running();
  [[nodiscard]] bool in_trouble() const;
  void say_who_was_killed() const;

  // In this order: the constructor starts the programs one after the other.
  Settings settings_;
  std::string programs_;  // their directory
  EventLoop loop_;
  PrivateDirectory directory_;
  Child sink_;
  Child ventilator_;
  std::vector<Child> workers_;

  std::optional<Time> stopped_at_;  // when the user asked last
  std::size_t steps_ = 0;           // how far end_all() has come
  std::optional<Time> end_at_;      // when it goes on, or begins, at the latest
  bool workers_failed_ = false;
};

}  // namespace divvy::launcher
