#include "ventilator/costs.hpp"

#include <fmt/format.h>
#include <sqlite3.h>

#include <memory>
#include <stdexcept>

#include "divvy/workload.hpp"

namespace divvy::ventilator {
namespace {

using std::chrono::nanoseconds;

constexpr const char* kQuery =
    "SELECT text, avg(ended - started) FROM result WHERE success GROUP BY text";

nanoseconds from_seconds(double seconds) {
  return nanoseconds(static_cast<std::int64_t>(seconds * 1e9));
}

}  // namespace

Costs::Costs(const std::string& journal) {
  sqlite3* opened = nullptr;
  const int code = sqlite3_open_v2(journal.c_str(), &opened, SQLITE_OPEN_READONLY, nullptr);
  const std::unique_ptr<sqlite3, decltype(&sqlite3_close)> database(opened, &sqlite3_close);
  const auto check = [&](bool well) {
    if (well) return;
    throw std::runtime_error(fmt::format("history {}: {}", journal, sqlite3_errmsg(opened)));
  };
  check(code == SQLITE_OK);
  sqlite3_stmt* prepared = nullptr;
  check(sqlite3_prepare_v2(opened, kQuery, -1, &prepared, nullptr) == SQLITE_OK);
  const std::unique_ptr<sqlite3_stmt, decltype(&sqlite3_finalize)> rows(prepared,
                                                                        &sqlite3_finalize);
  double sum = 0;
  int stepped = SQLITE_ROW;
  while ((stepped = sqlite3_step(prepared)) == SQLITE_ROW) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(prepared, 0));
    const auto size = static_cast<std::size_t>(sqlite3_column_bytes(prepared, 0));
    const double seconds = sqlite3_column_double(prepared, 1);
    took_.emplace(std::string(text, size), from_seconds(seconds));
    sum += seconds;
  }
  check(stepped == SQLITE_DONE);
  mean_ = from_seconds(took_.empty() ? 0 : sum / static_cast<double>(took_.size()));
}

std::optional<nanoseconds> Costs::of(std::string_view text) const {
  if (!mean_) return parse_workload(text);
  const auto known = took_.find(std::string(text));
  return known == took_.end() ? *mean_ : known->second;
}

}  // namespace divvy::ventilator
