// The ventilator's command line.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "common/options.hpp"
#include "ventilator/input.hpp"

namespace divvy::ventilator {

struct Options {
  CommonOptions common;
  std::vector<std::string> files;  // "-": standard input
  std::vector<std::string> lists;  // ::: and what follows it, instead of files
  bool null_delimited = false;
  bool csv = false;
  bool header = false;                    // the first line names the columns
  std::optional<std::uint64_t> max_args;  // so many lines are a task
  std::optional<std::uint64_t> block;     // bytes of a piece; none: tasks are lines
  std::size_t max_task = LineRules{}.max_bytes;
  std::optional<std::uint64_t> random;
  std::uint32_t min_msec = RandomWorkloads{}.min_msec;
  std::uint32_t max_msec = RandomWorkloads{}.max_msec;
  std::optional<std::uint64_t> seed;
  std::size_t workers = 1;
  std::uint32_t retries = 0;
  double retry_delay = 0;  // seconds
  double lost_after = 3;   // seconds
  std::string halt;
  std::uint64_t max_outstanding_bytes = 64 << 20;
  bool retry_failed = false;
  bool longest_first = false;
  std::string history;  // a journal; none: tasks are workloads
  std::string resume;   // a journal; what has succeeded in it is skipped
  std::string name;
  std::string pool;
  std::string lanes;  // ports where workers open lanes; empty: nowhere
  bool classic = false;
  std::string make_key;  // file

  /// Throws std::invalid_argument if those that say what the tasks are do not go together.
  void check() const;
  /// Whether each task has several values; see TextForm.
  [[nodiscard]] bool makes_words() const;

  void add_to(CLI::App& app);
  /// Those that matter also where all three are started together.
  void add_tasks_to(CLI::App& app);
  void add_batch_to(CLI::App& app);

 private:
  [[nodiscard]] std::size_t count_lists() const;
  void check_lists() const;
  void check_lanes() const;
  void add_forms_to(CLI::App& app);
  void add_fleet_to(CLI::App& app);
  void take_more_files(const std::vector<std::string>& words);
};

/// Cuts off the lists, whatever follows the first ::: or the like, and that itself; returns them.
std::vector<std::string> take_lists(int& argc, const char* const* argv);

}  // namespace divvy::ventilator
