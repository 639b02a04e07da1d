#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/key.hpp"
#include "common/program.hpp"
#include "common/quoting.hpp"
#include "common/random_id.hpp"
#include "divvy/protocol.hpp"
#include "ventilator/input.hpp"
#include "ventilator/options.hpp"
#include "ventilator/plain_ventilator.hpp"
#include "ventilator/ventilator.hpp"

namespace {

using namespace divvy;
using namespace divvy::ventilator;

RandomWorkloads random_workloads(const Options& options) {
  if (options.min_msec > options.max_msec) {
    throw std::invalid_argument("--min-msec is larger than --max-msec");
  }
  return {.count = options.random.value_or(RandomWorkloads{}.count),
          .min_msec = options.min_msec,
          .max_msec = options.max_msec,
          .seed = options.seed.value_or(random_id())};
}

// Says what tasks are, or where they come from.
bool describes_tasks(const Options& options) {
  return options.random || options.block || options.max_args || options.csv || options.header ||
         options.null_delimited || !options.files.empty() || !options.lists.empty();
}

// Without any input it is the guide's: it begins when the user presses Enter.
bool is_guides(const Options& options) {
  return !describes_tasks(options) && ::isatty(STDIN_FILENO) != 0;
}

// Whoever takes part is on this machine.
bool all_are_here(const Endpoints& endpoints) {
  const auto is_ipc = [](const std::string& endpoint) { return endpoint.starts_with("ipc://"); };
  return is_ipc(endpoints.tasks) && is_ipc(endpoints.results) && is_ipc(endpoints.feedback);
}

// Pieces that travel must go together into one message.
std::uint64_t max_outstanding_bytes(const Options& options) {
  constexpr std::uint64_t most = kMaxLaneBytes - kMaxPieceBytes - (1 << 20);
  return options.block ? std::min(options.max_outstanding_bytes, most)
                       : options.max_outstanding_bytes;
}

// A worker that is sent a hundred megabytes at once does not answer meanwhile.
std::uint64_t most_ahead(const Options& options) {
  constexpr std::uint64_t bytes = 16 << 20;
  const std::uint64_t most = Dispatch::Settings{}.most_ahead;
  return options.block ? std::clamp<std::uint64_t>(bytes / *options.block, 1, most) : most;
}

std::unique_ptr<Input> from_files(const Options& options) {
  const auto files = options.files.empty() ? std::vector<std::string>{"-"} : options.files;
  const char delimiter = options.null_delimited ? '\0' : '\n';
  if (options.block) {
    return open_blocks(files, {.rules = {.size = *options.block, .delimiter = delimiter},
                               .workers_read_files = all_are_here(options.common.endpoints)});
  }
  if (options.csv) {
    return open_csv(files, {.max_bytes = options.max_task, .header = options.header});
  }
  return open_lines(
      files, {.delimiter = delimiter, .max_bytes = options.max_task, .header = options.header});
}

std::unique_ptr<Input> input(const Options& options) {
  if (is_guides(options)) return after_enter(open_random(random_workloads(options)));
  if (options.random) return open_random(random_workloads(options));
  auto tasks = options.lists.empty() ? from_files(options)
                                     : open_lists(parse_lists(options.lists), options.max_task);
  return options.max_args ? in_groups(std::move(tasks), group_limits(*options.max_args))
                          : std::move(tasks);
}

std::optional<Costs> costs(const Options& options) {
  if (!options.history.empty()) return Costs(options.history);
  return options.longest_first ? std::optional(Costs()) : std::nullopt;
}

// The launcher knows it.
std::string journal() {
  const char* const given = std::getenv("DIVVY_JOURNAL");
  return given == nullptr ? "" : given;
}

// What the user has typed, which the launcher says if there is one.
std::string retry_command(const Options& options, std::vector<std::string> words) {
  const char* const typed = std::getenv("DIVVY_RETRY_COMMAND");
  if (typed != nullptr && *typed != '\0') return typed;
  if (options.name.empty()) return {};
  if (!options.retry_failed) words.insert(words.begin() + 1, "--retry-failed");
  return quoted_on_one_line(words);
}

bool reads_standard_input(const Options& options) {
  if (options.random || !options.lists.empty() || is_guides(options)) return false;
  const auto& files = options.files;
  return files.empty() || std::find(files.begin(), files.end(), "-") != files.end();
}

// As its worker says it, too.
std::optional<std::string> command() {
  const char* const given = std::getenv("DIVVY_COMMAND");
  if (given == nullptr) return {};
  return std::string(given).substr(0, kMaxLineBytes);
}

Ventilator::Settings settings(const Options& options, const std::vector<std::string>& words) {
  return {.name = options.name,
          .pool = options.pool,
          .intake = {.input = input(options),
                     .costs = costs(options),
                     .longest_first = options.longest_first,
                     .successes = options.resume.empty() ? std::nullopt
                                                         : std::optional(Successes(options.resume)),
                     .journal = journal(),
                     .max_outstanding_bytes = max_outstanding_bytes(options)},
          .workloads = options.random || is_guides(options),
          .dispatch = {.workers_wanted = options.workers,
                       .retries = options.retries,
                       .retry_delay = from_seconds(options.retry_delay),
                       .lost_after = from_seconds(options.lost_after),
                       .most_ahead = most_ahead(options)},
          .halt = options.halt.empty() ? std::nullopt : std::optional(Halt::parse(options.halt)),
          .retry_failed = options.retry_failed,
          .retry_command = retry_command(options, words),
          .reads_standard_input = reads_standard_input(options),
          .lanes = lanes_beside(options.common.endpoints.feedback, options.lanes),
          .command = command()};
}

int run(Options& options, const std::vector<std::string>& words) {
  if (!options.make_key.empty()) {
    make_key(options.make_key);
    return 0;
  }
  options.check();
  options.common.resolve("ventilator",
                         {.tasks = Use::bind, .results = Use::connect, .feedback = Use::bind});
  if (options.classic) return run_plain(options.common, *input(options), options.workers);
  return Ventilator(options.common, settings(options, words)).run();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const std::vector<std::string> words(argv, argv + argc);
  const Program program{
      .name = "ventilator",
      .arguments = "[FILE...] [::: VALUE...]",
      .description = "Hands out tasks to workers: lines, values after :::, or random workloads.",
      .add_options = [&](CLI::App& app) { options.add_to(app); }};
  options.lists = take_lists(argc, argv);
  return run_program(program, argc, argv, [&](CLI::App&) { return run(options, words); });
}
