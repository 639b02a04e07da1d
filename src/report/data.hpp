// What a page shows of a batch, as JSON.
#pragma once

#include <string>

#include "report/recorded.hpp"

namespace divvy::report {

/// Less than about 4 MB, however many tasks there are: of up to 120,000 attempts each one, of more
/// the brief ones put together. Without `<`, so that it can stand in a script element.
/// docs/report.md describes it.
std::string data_of(const Recorded& recorded, const BatchRow& batch);

}  // namespace divvy::report
