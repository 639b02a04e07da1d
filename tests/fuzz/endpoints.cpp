// Endpoints and workloads: any text is either refused or stays within its bounds.
#include "divvy/endpoints.hpp"

#include "check.hpp"
#include "common/peer_endpoint.hpp"
#include "common/workload.hpp"

namespace {

bool is_endpoint(std::string_view text) {
  try {
    divvy::check_endpoint(text);
    return true;
  } catch (const std::invalid_argument&) {
    return false;
  }
}

void try_address(std::string_view text) {
  try {
    const divvy::Endpoints endpoints = divvy::endpoints_at(text);
    check(is_endpoint(endpoints.tasks) && is_endpoint(endpoints.results));
    check(is_endpoint(endpoints.feedback));
    (void)divvy::is_private(endpoints.tasks);
  } catch (const std::invalid_argument&) {
  }
}

// Whatever a peer writes, over tcp its own host is where we go.
void try_to_reach(std::string_view text) {
  const std::string reached = divvy::reach(text, "192.0.2.1");
  if (reached.empty() || text.starts_with("ipc://")) return;
  check(reached.starts_with("tcp://192.0.2.1:") && is_endpoint(reached));
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = as_text(data, size);
  if (is_endpoint(text)) (void)divvy::is_private(text);
  try_address(text);
  try_to_reach(text);
  const auto workload = divvy::parse_workload(text);
  check(!workload || (workload->count() >= 0 && workload->count() <= 0x7fffffff));
  return 0;
}
