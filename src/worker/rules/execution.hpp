// One attempt at a task, in a slot of a worker, and its end.
#pragma once

#include <csignal>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "divvy/protocol.hpp"
#include "worker/rules/usage.hpp"

namespace divvy::worker {

struct Execution {
  std::uint64_t key = 0;  // tells the executions of a worker apart
  std::string_view text{};
  TextForm form = TextForm::line;
  std::optional<Piece> piece{};  // of that form; its name is `text`
  std::string_view header{};  // a text of that form, which names the columns; empty: nothing does
  TaskId id = 0;
  std::uint32_t attempt = 1;
  std::uint32_t slot = 1;
};

/// Whether a command has ended as what a SIGTERM ends: by it, or with the status that shells say
/// then.
inline bool is_terminated(Outcome outcome, std::int32_t status) {
  return (outcome == Outcome::signalled && status == SIGTERM) ||
         (outcome == Outcome::exited && status == 128 + SIGTERM);
}

/// Whole lines that an execution has printed while it runs.
struct PrintedLines {
  std::uint64_t key = 0;     // of the execution
  bool errors = false;       // on standard error, not standard output
  std::uint64_t offset = 0;  // of `lines` in that output
  std::string_view lines{};
};

struct Ended {
  std::uint64_t key = 0;  // of the execution
  Outcome outcome = Outcome::slept;
  std::int32_t status = 0;
  Usage usage{};
  std::string output{};
  std::string errors{};
  std::string reason{};
  bool killed = false;  // by its runner, which was told to
};

}  // namespace divvy::worker
