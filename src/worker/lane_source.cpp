#include "worker/lane_source.hpp"

#include <fmt/format.h>

#include "divvy/protocol.hpp"

namespace divvy::worker {

Inbox::Inbox(Context& context, const std::string& endpoint)
    : listener_(context, make_pull(context, kMaxLaneBytes), endpoint) {}

bool Inbox::update(Log& log, Time /*now*/) {
  listener_.events(log);
  return false;
}

std::string Inbox::trouble() const {
  return fmt::format("it hears this worker, and must reach its inbox at {}", listener_.endpoint());
}

}  // namespace divvy::worker
