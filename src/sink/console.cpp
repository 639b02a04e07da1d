#include "sink/console.hpp"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "common/standard_streams.hpp"
#include "sink/failure.hpp"
#include "sink/summary.hpp"

namespace divvy::sink {

void Console::completions(std::uint64_t count) {
  if (options_.common.quiet) return;
  for (; count > 0; --count) out_.put(completions_shown_++ % 10 == 0 ? ":" : ".");
}

// What the task said on standard error was printed just above, unless it waits for earlier tasks.
void Console::failure(const Log& log, const std::string& line, const Result& result) {
  log.notice(line);
  if (!options_.printing.keep_order) return;
  for (const std::string& error : last_errors(result)) log.notice(error);
}

// The guide's words go where its completions are shown; with commands, standard output is theirs.
void Console::total(Seconds elapsed, bool workloads) {
  if (std::exchange(completions_shown_, 0) > 0) out_.put("\n");
  const auto msec = std::chrono::duration_cast<std::chrono::milliseconds>(elapsed).count();
  Output& output = workloads ? out_ : err_;
  if (!options_.common.quiet) output.put(fmt::format("Total elapsed time: {} msec\n", msec));
  flush();
}

void Console::flush() {
  out_.flush();
  err_.flush();
}

void Console::end(const Log& log, const Batch& batch, const Figures& figures) {
  const bool empty = figures.complete && figures.tasks == 0;
  if (figures.recorded > 0 || empty) {
    if (batch.started()) total(figures.elapsed, batch.workloads());
    if (!options_.common.quiet) tell_user(table(figures));
  }
  tell_what_is_missing(log, figures);
  if (!options_.summary.empty()) write_summary(figures);
}

void Console::tell_what_is_missing(const Log& log, const Figures& figures) {
  if (figures.unknown() > 0) {
    log.warn(fmt::format(
        "{} of {} tasks were recorded by an earlier sink, without a journal: how is not known",
        figures.unknown(), figures.tasks));
  } else if (!figures.complete) {
    log.warn(fmt::format("ended with {} of {}{} tasks recorded", figures.recorded,
                         figures.known_tasks(), figures.counted ? "" : " or more"));
  }
}

void Console::write_summary(const Figures& figures) {
  if (options_.summary != kStandardOutput) return sink::write_summary(options_.summary, figures);
  out_.put(json(figures));
  out_.flush();
}

}  // namespace divvy::sink
