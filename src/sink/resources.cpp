#include "sink/resources.hpp"

#include <utility>

#include "report/page.hpp"
#include "sink/summary.hpp"

namespace divvy::sink {

Resources::Resources(Options given)
    : options(std::move(given)),
      log("sink", options.common.verbosity()),
      context(options.common.key),
      console(options),
      progress(options.common.quiet) {}

void Resources::open_files() {
  check_summary(options.summary);  // a mistake is to be known now
  if (!options.report.empty()) {
    report::check_can_be_made();
    report::check_place(options.report);
  }
  if (!options.output_directory.empty()) output_files.emplace(options.output_directory);
  if (!options.attempt_log.empty()) attempt_log.emplace(options.attempt_log);
  // Last: it may get another layout, and a refused command must leave it as it was.
  if (!options.journal.empty()) journal.emplace(options.journal);
}

void Resources::commit() {
  console.flush();
  if (attempt_log) attempt_log->commit();  // what the journal has is never told of again
  if (journal) journal->commit();
}

}  // namespace divvy::sink
