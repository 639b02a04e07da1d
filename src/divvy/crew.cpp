#include "divvy/crew.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <system_error>
#include <utility>

namespace divvy::launcher {
namespace {

using namespace std::chrono_literals;

constexpr auto kBetween = 1s;

}  // namespace

Crew::Crew(std::uint32_t jobs, std::uint32_t most, Start start) : start_(std::move(start)) {
  const std::uint32_t count = std::min(jobs, most);
  for (std::uint32_t i = 0, first = 1; i < count; ++i) {
    const std::uint32_t slots = jobs / count + (i < jobs % count ? 1 : 0);
    const std::vector<std::string> arguments{fmt::format("--slots={}", slots),
                                             fmt::format("--first-slot={}", first)};
    places_.push_back({.arguments = arguments, .worker = start_(arguments)});
    first += slots;
  }
}

void Crew::replace_killed(const Log& log, Time now) {
  for (Place& place : places_) {
    if (!place.starts_at && place.worker.killed_by() != 0) {
      log.warn(fmt::format("a worker was killed by {}; another one takes its place",
                           signal_name(place.worker.killed_by())));
      place.starts_at = std::max(now, place.not_before);
    }
    if (place.starts_at && now >= *place.starts_at) replace(place, now);
  }
}

void Crew::replace(Place& place, Time now) {
  place.not_before = now + kBetween;
  try {
    place.worker = start_(place.arguments);
    place.starts_at.reset();
  } catch (const std::system_error&) {
    place.starts_at = place.not_before;  // there is no room now
  }
}

std::optional<Time> Crew::deadline() const {
  std::optional<Time> earliest;
  for (const Place& place : places_) {
    if (!place.starts_at) continue;
    earliest = std::min(earliest.value_or(*place.starts_at), *place.starts_at);
  }
  return earliest;
}

bool Crew::has_ended() const {
  return std::none_of(places_.begin(), places_.end(),
                      [](const Place& place) { return place.worker.running() || place.starts_at; });
}

std::vector<Child*> Crew::workers() {
  std::vector<Child*> all;
  for (Place& place : places_) all.push_back(&place.worker);
  return all;
}

}  // namespace divvy::launcher
