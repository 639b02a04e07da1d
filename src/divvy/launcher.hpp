// All three in one command: starts a sink, a ventilator and workers, on other machines too, and
// sees to it that they end.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/event_loop.hpp"
#include "common/log.hpp"
#include "common/time.hpp"
#include "divvy/child.hpp"
#include "divvy/crew.hpp"
#include "divvy/hub.hpp"
#include "divvy/options.hpp"
#include "divvy/places.hpp"
#include "divvy/remote_crew.hpp"
#include "divvy/rules/hosts.hpp"

namespace divvy::launcher {

/// Whom a signal is for.
enum class Whom { workers, ventilator, sink, all };

class Launcher {
 public:
  struct Settings {
    Arguments arguments{};
    std::uint32_t jobs = 1;          // at once, here
    std::uint32_t workers = 1;       // here, at most
    std::vector<Host> hosts{};       // others, with workers
    std::string jobs_there{};        // on one that names no slots
    std::vector<std::string> ssh{};  // the command that reaches them
    bool dry_run = false;
    std::vector<std::string> environment{};  // of the ventilator, beside ours
    Verbosity verbosity{};
  };

  explicit Launcher(const Settings& settings);

  /// Returns the exit status when all have ended.
  int run();
  /// By which the user has stopped it; 0: it was not stopped.
  [[nodiscard]] int stop_signal() const { return loop_.stop_signal(); }

 private:
  Child start(std::string_view program, Child::Settings settings);
  Child start_for_batch(std::string_view program, Child::Settings settings);
  [[nodiscard]] std::vector<std::string> ventilator_arguments() const;
  [[nodiscard]] RemoteCrew::Settings remote_crew() const;
  Child start_worker(std::vector<std::string> arguments);

  void wait();
  void stop(Time now);
  void end_if_over(Time now);
  void keep_workers(Time now);
  void say_who_was_killed() const;

  [[nodiscard]] bool ending() const { return steps_ > 0; }
  /// A worker that is killed is replaced.
  [[nodiscard]] bool keeps_workers() const {
    return !ending() && stops_ == 0 && sink_.running() && ventilator_.running();
  }
  void next_step(Time now);
  void kill_all(Time now);
  [[nodiscard]] bool step_is_over(Time now);

  void signal(Whom whom, int number);
  [[nodiscard]] std::vector<Child*> children(Whom whom = Whom::all);
  [[nodiscard]] std::vector<Child*> children_here(Whom whom);
  [[nodiscard]] bool any_running(Whom whom = Whom::all);
  [[nodiscard]] bool in_trouble() const;

  // In this order: the constructor starts the programs one after the other.
  Settings settings_;
  Log log_;
  std::string programs_;  // their directory
  EventLoop loop_;
  std::optional<PrivateDirectory> directory_;  // where they meet; or else
  std::optional<Hub> hub_;
  Child sink_;
  Child ventilator_;
  Crew crew_;
  RemoteCrew remote_crew_;

  int stops_ = 0;                   // how often the user asked
  std::optional<Time> stopped_at_;  // when last
  std::size_t steps_ = 0;           // how many of ending everything were begun
  std::optional<Time> end_at_;      // when the next one begins at the latest
  bool workers_failed_ = false;
};

}  // namespace divvy::launcher
