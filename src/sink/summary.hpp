// What a batch amounts to, as text: for people and for programs.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "sink/rules/figures.hpp"

namespace divvy::sink {

/// For standard error when the batch is over: totals, and a line for each worker, but no more than
/// `most_workers`.
std::string table(const Figures& figures, std::size_t most_workers = 20);

/// Stands for standard output where a file is named.
inline constexpr std::string_view kStandardOutput = "-";

/// Throws std::runtime_error with a line for the user if the file cannot be written; leaves it as
/// it is. Empty: there is none.
void check_summary(const std::string& path);
/// Writes json(figures). Throws as check_summary() does.
void write_summary(const std::string& path, const Figures& figures);

/// The same for programs, as docs/summary.md describes it.
std::string json(const Figures& figures);

}  // namespace divvy::sink
