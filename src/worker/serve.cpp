#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include "common/host.hpp"
#include "divvy/protocol.hpp"
#include "divvy/worker.hpp"
#include "worker/function_executor.hpp"
#include "worker/worker.hpp"

namespace divvy {

void serve(const Endpoints& endpoints, Function function, const ServeOptions& options) {
  if (options.slots < 1 || options.slots > kMaxSlots) {
    throw std::invalid_argument("a worker has from 1 to " + std::to_string(kMaxSlots) + " slots");
  }
  if (options.name.size() > kMaxNameBytes) throw std::invalid_argument("the name is too long");
  for (const auto* endpoint : {&endpoints.tasks, &endpoints.results, &endpoints.feedback}) {
    check_endpoint(*endpoint);
  }
  const Endpoints located = with_addresses(endpoints, worker::kConnectsToAll, Log("worker", {}));
  for (const auto* endpoint : {&located.tasks, &located.results, &located.feedback}) {
    require_private(*endpoint, options.insecure || !options.key.empty());
  }
  worker::Worker(
      {.key = options.key},
      {.endpoints = located, .name = options.name.empty() ? worker::default_name() : options.name},
      std::make_unique<worker::FunctionExecutor>(std::move(function), options.slots))
      .run();
}

}  // namespace divvy
