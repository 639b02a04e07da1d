#include "ventilator/options.hpp"

namespace divvy::ventilator {

void Options::add_to(CLI::App& app) {
  const std::string input = "Tasks";
  app.add_option("FILE", file, "One task a line; '-' is standard input")->group(input);
  app.add_flag("-0,--null", null_delimited, "Tasks end in NUL")->group(input);
  auto* count = app.add_option("--random", random, "N random workloads instead of a FILE")
                    ->type_name("N")
                    ->group(input);
  count->excludes("FILE");
  app.add_option("--min-msec", min_msec, "The smallest of them")
      ->capture_default_str()
      ->group(input);
  app.add_option("--max-msec", max_msec, "The largest of them")
      ->capture_default_str()
      ->group(input);
  app.add_option("--seed", seed, "The same seed gives the same workloads")->group(input);

  const std::string batch = "The batch";
  app.add_option("-w,--workers", workers, "Wait for N workers first")
      ->type_name("N")
      ->capture_default_str()
      ->group(batch);
  app.add_option("--retries", retries, "Run a failed task up to N times more")
      ->type_name("N")
      ->check(CLI::Range(0, 1000).description(""))
      ->capture_default_str()
      ->group(batch);
  app.add_option("--name", name, "The batch's name, to go on under it later")->group(batch);
  app.add_flag("--classic", classic,
               "Plain messages as in the ZeroMQ Guide, for its workers and sinks; as lossy as its "
               "pipeline")
      ->group(batch);
  common.add_to(app);
}

}  // namespace divvy::ventilator
