// What a batch amounts to, as text: for people and for programs.
#pragma once

#include <cstddef>
#include <string>

#include "sink/rules/figures.hpp"

namespace divvy::sink {

/// For standard error when the batch is over: totals, and a line for each worker, but no more than
/// `most_workers`.
std::string table(const Figures& figures, std::size_t most_workers = 20);

/// The same for programs, as docs/summary.md describes it.
std::string json(const Figures& figures);

}  // namespace divvy::sink
