// What tasks have printed, passed on once: while they run, and the rest with their results.
#pragma once

#include <cstddef>

#include "divvy/protocol.hpp"
#include "sink/printer.hpp"
#include "sink/rules/live_output.hpp"

namespace divvy::sink {

/// Prints the outputs of one batch's tasks. Of what was printed while a task ran its result brings
/// only the rest. Without fragments each result is printed as it is.
class LivePrinter {
 public:
  /// Prints through `printer`, which must outlive it. `tag`: as `printer` was told. `room`: for so
  /// many digests of lines.
  LivePrinter(Printer& printer, bool tag, std::size_t room = LiveOutputs::kMostDigests)
      : printer_(printer), tag_(tag), outputs_(room) {}

  /// Of a task that is not recorded. What is not taken here its result brings.
  void print(WorkerId worker, const Fragment& fragment);
  /// Of tasks that are recorded now.
  void print(WorkerId worker, const Result& recorded);
  /// Of a single task that is not recorded, for this attempt counts for nothing: it was killed, or
  /// is tried again.
  void print_attempt(WorkerId worker, const Result& result);

 private:
  Printer& printer_;
  bool tag_;
  LiveOutputs outputs_;
};

}  // namespace divvy::sink
