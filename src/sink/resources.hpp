// What the batches of a sink share.
#pragma once

#include <optional>

#include "common/context.hpp"
#include "common/log.hpp"
#include "sink/attempt_log.hpp"
#include "sink/console.hpp"
#include "sink/journal.hpp"
#include "sink/options.hpp"
#include "sink/output_files.hpp"
#include "sink/progress.hpp"

namespace divvy::sink {

struct Resources {
  explicit Resources(Options given);
  Resources(const Resources&) = delete;
  Resources& operator=(const Resources&) = delete;

  /// Opens those that were asked for. Throws std::runtime_error with a line for the user.
  void open_files();
  /// What was printed and recorded is flushed and committed.
  void commit();

  Options options;
  Log log;
  Context context;
  Console console;
  Progress progress;
  std::optional<Journal> journal;
  std::optional<AttemptLog> attempt_log;
  std::optional<OutputFiles> output_files;
};

}  // namespace divvy::sink
