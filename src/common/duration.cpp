#include "common/duration.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <utility>

namespace divvy {
namespace {

constexpr std::array<std::pair<std::string_view, double>, 5> kUnits{
    {{"", 1}, {"s", 1}, {"ms", 0.001}, {"m", 60}, {"h", 3600}}};

}  // namespace

std::optional<double> parse_seconds(std::string_view text) {
  double number = 0;
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || !std::isfinite(number) || std::signbit(number)) return {};
  const std::string_view name(rest, static_cast<std::size_t>(end - rest));
  const auto* const unit = std::find_if(kUnits.begin(), kUnits.end(),
                                        [&](const auto& known) { return known.first == name; });
  if (unit == kUnits.end()) return {};
  return number * unit->second;
}

}  // namespace divvy
