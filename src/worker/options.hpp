// The worker's command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/options.hpp"
#include "worker/rules/command.hpp"

namespace divvy::worker {

struct Options {
  CommonOptions common;
  std::uint32_t slots = 1;
  std::uint32_t first_slot = 1;
  std::optional<double> timeout;        // seconds
  std::uint64_t max_output = 64 << 20;  // bytes of each stream
  double delay = 0;                     // seconds between two starts
  std::optional<double> load;           // tasks start below that
  std::uint64_t memfree = 0;            // bytes available for a task to start
  std::optional<int> nice;              // of the tasks; nothing: as this process
  std::string inbox;
  std::string lanes;  // ports; empty: it listens at its inbox
  std::string name;   // empty: chosen
  std::string pool;
  double lost_after = 60;              // seconds of silence of the lifeline that comes with --key -
  std::optional<double> idle_timeout;  // seconds
  std::string ready_file;
  std::string colsep;  // empty: no columns
  bool task_on_stdin = false;
  bool filter = false;          // the command answers lines
  bool null_delimited = false;  // these end in NUL
  bool dry_run = false;
  std::vector<std::string> command;   // empty: sleep, or the script
  std::optional<std::string> script;  // for sh -c

  /// Whether a task is run by a command or a script: without it is a number of milliseconds.
  [[nodiscard]] bool has_command() const { return script || !command.empty(); }
  /// As one types it, behind other options.
  [[nodiscard]] std::vector<std::string> typed_command() const;
  /// What runs a task. To be asked only if there is one.
  [[nodiscard]] Command make_command() const;

  void add_to(CLI::App& app);
  void add_slots_to(CLI::App& app);
  void add_identity_to(CLI::App& app);
  /// How a task is run: what matters also where all three are started together.
  void add_execution_to(CLI::App& app);
  void add_starting_to(CLI::App& app);
  /// Whether a task may have to wait though a slot is free.
  [[nodiscard]] bool has_conditions() const { return delay > 0 || load || memfree > 0; }
  /// Of each address. Throws std::invalid_argument if one is bad, or if they do not go together.
  [[nodiscard]] std::vector<Endpoints> endpoints();
  /// Throws std::invalid_argument if the options do not go together, or the system refuses one.
  void check() const;

 private:
  void check_script() const;
  void check_filter() const;
};

}  // namespace divvy::worker
