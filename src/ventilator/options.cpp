#include "ventilator/options.hpp"

#include <CLI/CLI.hpp>
#include <limits>

namespace divvy::ventilator {

void Options::add_to(CLI::App& app) {
  const auto number = CLI::Range(0.0, 1e15).description("");
  const auto msec = CLI::Range(0, std::numeric_limits<std::int32_t>::max()).description("");

  const std::string input = "Tasks";
  app.add_option("FILE", file, "One task a line, empty ones skipped; '-' is standard input")
      ->group(input);
  app.add_flag("-0,--null", null_delimited, "Tasks end in NUL")->group(input);
  auto* count = app.add_option("--random", random, "N random workloads instead of a FILE")
                    ->type_name("N")
                    ->check(number)
                    ->group(input);
  count->excludes("FILE");
  app.add_option("--min-msec", min_msec, "The smallest of them")
      ->check(msec)
      ->capture_default_str()
      ->group(input);
  app.add_option("--max-msec", max_msec, "The largest of them")
      ->check(msec)
      ->capture_default_str()
      ->group(input);
  app.add_option("--seed", seed, "The same seed gives the same workloads")
      ->check(number)
      ->group(input);

  const std::string batch = "The batch";
  app.add_option("-w,--workers", workers, "Wait for N workers first")
      ->type_name("N")
      ->check(number)
      ->capture_default_str()
      ->group(batch);
  app.add_option("--retries", retries, "Run a failed task up to N times more")
      ->type_name("N")
      ->check(CLI::Range(0, 1000).description(""))
      ->capture_default_str()
      ->group(batch);
  app.add_option("--retry-delay", retry_delay, "Wait that long before")
      ->type_name("SECONDS")
      ->check(CLI::Range(0.0, 1e6).description(""))
      ->group(batch);
  app.add_option("--halt", halt, "Give up at N failures (or N%): soon,fail=N; now,fail=N kills")
      ->type_name("WHEN")
      ->group(batch);
  app.add_option("--name", name, "The same name goes on where the sink's journal says")
      ->group(batch);
  app.add_flag("--longest-first", longest_first,
               "Longer tasks first: workloads, or with --history others too")
      ->group(batch);
  app.add_option("--history", history, "A journal that tells how long tasks took earlier")
      ->type_name("JOURNAL")
      ->needs("--longest-first")
      ->group(batch);
  app.add_flag("--retry-failed", retry_failed, "Run the failed tasks of that batch again")
      ->needs("--name")
      ->group(batch);
  app.add_option("--lost-after", lost_after, "A worker silent for that long is gone")
      ->type_name("SECONDS")
      ->check(CLI::Range(1.5, 1e6).description(""))
      ->capture_default_str()
      ->group(batch);
  app.add_option("--max-outstanding-bytes", max_outstanding_bytes, "Read no further ahead")
      ->type_name("BYTES")
      ->transform(CLI::AsSizeValue(false).description(""))
      ->group(batch);
  app.add_flag("--classic", classic,
               "Plain messages as in the ZeroMQ Guide, for its workers and sinks; as lossy as its "
               "pipeline")
      ->group(batch);
  app.add_option("--make-key", make_key, "Write a new key to a new FILE, for --key, and exit")
      ->type_name("FILE")
      ->group(batch);
  common.add_to(app);
}

}  // namespace divvy::ventilator
