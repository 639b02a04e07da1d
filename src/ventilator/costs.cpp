#include "ventilator/costs.hpp"

#include "common/database.hpp"
#include "common/workload.hpp"

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
  const Database database("history", journal, Database::Access::read);
  Statement rows = database.prepare(kQuery);
  double sum = 0;
  while (rows.step()) {
    const double seconds = rows.real(1);
    took_.emplace(rows.text(0), from_seconds(seconds));
    sum += seconds;
  }
  mean_ = from_seconds(took_.empty() ? 0 : sum / static_cast<double>(took_.size()));
}

std::optional<nanoseconds> Costs::of(std::string_view text) const {
  if (!mean_) return parse_workload(text);
  const auto known = took_.find(std::string(text));
  return known == took_.end() ? *mean_ : known->second;
}

}  // namespace divvy::ventilator
