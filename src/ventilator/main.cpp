#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "hall/key.hpp"
#include "hall/program.hpp"
#include "hall/quoting.hpp"
#include "ventilator/classic.hpp"
#include "ventilator/input.hpp"
#include "ventilator/options.hpp"
#include "ventilator/ventilator.hpp"

namespace {

using namespace divvy;
using namespace divvy::ventilator;

RandomWorkloads random_workloads(const Options& options) {
  if (options.min_msec > options.max_msec) {
    throw std::invalid_argument("--min-msec is larger than --max-msec");
  }
  return {options.random.value_or(RandomWorkloads{}.count), options.min_msec, options.max_msec,
          options.seed.value_or(random_id())};
}

std::unique_ptr<Input> lines(const Options& options) {
  const LineRules rules{options.null_delimited ? '\0' : '\n', options.max_task};
  return open_lines(options.files.empty() ? std::vector<std::string>{"-"} : options.files, rules);
}

Ventilator::Batch batch(const Options& options) {
  Ventilator::Batch batch;
  batch.name = options.name;
  batch.dispatch.workers_wanted = options.workers;
  batch.dispatch.retries = options.retries;
  batch.dispatch.retry_delay = from_seconds(options.retry_delay);
  batch.dispatch.lost_after = from_seconds(options.lost_after);
  batch.intake.max_outstanding_bytes = options.max_outstanding_bytes;
  batch.retry_failed = options.retry_failed;
  if (options.longest_first) batch.intake.costs.emplace();
  if (!options.history.empty()) batch.intake.costs.emplace(options.history);
  if (!options.halt.empty()) batch.halt = Halt::parse(options.halt);
  const bool guide = !options.random && options.files.empty() && ::isatty(STDIN_FILENO) != 0;
  batch.workloads = options.random || guide;
  if (batch.workloads) {
    batch.intake.input = open_random(random_workloads(options));
    if (guide) batch.intake.input = after_enter(std::move(batch.intake.input));
  } else {
    batch.intake.input = lines(options);
  }
  return batch;
}

// The launcher, if there is one, says what the user has typed.
std::string again(const Options& options, std::vector<std::string> words) {
  if (options.name.empty()) return {};
  if (const char* const typed = std::getenv("DIVVY_RETRY_COMMAND")) return typed;
  if (!options.retry_failed) words.insert(words.begin() + 1, "--retry-failed");
  return quoted(words);
}

int run(Options& options, std::vector<std::string> words) {
  if (!options.make_key.empty()) {
    make_key(options.make_key);
    return 0;
  }
  options.common.settle();
  Ventilator::Batch work = batch(options);
  work.again = again(options, std::move(words));
  if (options.classic) return run_classic(options.common, *work.intake.input, options.workers);
  return Ventilator(options.common, std::move(work)).run();
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  const Program program{"ventilator", "[FILE...]",
                        "Hands out tasks to workers: one a line, or random workloads.",
                        [&](CLI::App& app) { options.add_to(app); }};
  return run_program(program, argc, argv, [&] { return run(options, {argv, argv + argc}); });
}
