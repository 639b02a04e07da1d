#include "common/cores.hpp"

#include <sched.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>

#include "common/cgroup.hpp"

namespace divvy {
namespace {

// All of the text, without a sign.
template <class Number>
std::optional<Number> parse(std::string_view text) {
  Number number{};
  const char* const end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  if (error != std::errc{} || rest != end || text.front() == '-') return {};
  return number;
}

// "80%" of so many.
std::optional<double> parse_share(std::string_view text, std::uint32_t cores) {
  if (!text.ends_with('%')) return {};
  const auto percent = parse<double>(text.substr(0, text.size() - 1));
  if (!percent || !std::isfinite(*percent) || *percent <= 0) return {};
  return *percent / 100 * cores;
}

std::uint32_t to_slots(double number) {
  constexpr double most = std::numeric_limits<std::uint32_t>::max();
  return static_cast<std::uint32_t>(std::clamp(number, 1.0, most));
}

}  // namespace

std::uint32_t cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  const auto bound_to = static_cast<std::uint32_t>(std::max(1, CPU_COUNT(&set)));
  return std::min(bound_to, cgroup_cores().value_or(bound_to));
}

std::optional<std::uint32_t> parse_slots(std::string_view text, std::uint32_t cores) {
  if (const auto share = parse_share(text, cores)) return to_slots(std::round(*share));
  const bool more = text.starts_with('+');
  const bool less = text.starts_with('-');
  const auto number = parse<std::uint32_t>(more || less ? text.substr(1) : text);
  if (!number) return {};
  if (more) return to_slots(static_cast<double>(cores) + *number);
  if (less) return to_slots(static_cast<double>(cores) - *number);
  return *number > 0 ? number : std::nullopt;
}

std::optional<double> parse_load(std::string_view text, std::uint32_t cores) {
  if (const auto share = parse_share(text, cores)) return share;
  const auto number = parse<double>(text);
  if (!number || !std::isfinite(*number) || *number <= 0) return {};
  return number;
}

}  // namespace divvy
