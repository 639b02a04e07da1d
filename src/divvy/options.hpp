// The launcher's command line: the programs' own options, but for those that say where to meet.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "common/options.hpp"
#include "sink/options.hpp"
#include "ventilator/options.hpp"
#include "worker/options.hpp"

namespace divvy::launcher {

struct Options {
  ventilator::Options ventilator;
  worker::Options worker;  // the command, too
  sink::Options sink;
  CommonOptions common;
  std::string jobs;                      // N, N%, +N or -N; empty: one a core
  std::optional<std::string> host_list;  // none: this machine
  std::string ssh;                       // a command's words; empty: ssh
  bool resume = false;                   // by the sink's journal

  void add_to(CLI::App& app);
  void add_machines_to(CLI::App& app);
  /// Throws, with a line for the user, what the programs would say once they run.
  void check() const;
  /// Whether {1} is a placeholder.
  [[nodiscard]] bool tasks_have_columns() const {
    return !worker.colsep.empty() || ventilator.makes_words() || list_is_column();
  }
  /// Whether the only list is {1}, as the command has it: its values are given as words then.
  [[nodiscard]] bool list_is_column() const;

 private:
  void check_columns() const;
  void check_block() const;
  void check_resume() const;
};

/// What each program is started with. Whatever it has no option for, it is not given.
struct Arguments {
  std::vector<std::string> ventilator;
  std::vector<std::string> worker;  // each of them, but for its slots
  std::vector<std::string> sink;
};

/// `app`: has parsed the command line into `options`.
Arguments arguments_of(const CLI::App& app, const Options& options);

}  // namespace divvy::launcher
