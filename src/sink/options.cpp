#include "sink/options.hpp"

#include <CLI/CLI.hpp>
#include <string>

namespace divvy::sink {
namespace {

// Not even for standard output, where the tasks' own output goes.
CLI::Validator page_check() {
  const auto check = [](const std::string& path) -> std::string {
    return path.empty() || path == "-" ? "--report makes a page; name its file: FILE.html" : "";
  };
  return {check, ""};
}

}  // namespace

void Options::add_to(CLI::App& app) {
  app.footer(
      "Examples:\n"
      "  sink -k > results.txt\n"
      "  sink --journal results.db --tag\n\n" +
      std::string(kExitStatuses));
  add_output_to(app);
  const std::string batches = "Batch";
  app.add_flag("--stay", stay, "Serve all batches that come, not only one")->group(batches);
  app.add_option("--classic", completions, "Expect N plain completions")
      ->type_name("[N]")
      ->expected(0, 1)
      ->check(CLI::Range(1, 1'000'000'000).description(""))
      ->default_str("100")
      ->group(batches);
  common.add_to(app);
}

void Options::add_output_to(CLI::App& app) {
  const std::string output = "Output";
  app.add_flag("-k,--keep-order", printing.keep_order)->group(output);
  app.add_flag("--tag", printing.tag)->group(output);
  app.add_flag("--live", live, "In input's order; after task and tab; at once")->group(output);
  app.add_option("--journal", journal)->type_name("FILE")->group(output);
  app.add_option("--summary", summary, "Results to an SQLite database; figures as JSON")
      ->type_name("FILE")
      ->group(output);
  app.add_option("--log", attempt_log)->type_name("FILE")->group(output);
  app.add_option("--report", report)->type_name("FILE")->check(page_check())->group(output);
  app.add_option("--output-dir", output_directory, "Attempts; HTML page; each output")
      ->type_name("DIR")
      ->group(output);
}

}  // namespace divvy::sink
