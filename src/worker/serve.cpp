#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/host.hpp"
#include "divvy/protocol.hpp"
#include "divvy/worker.hpp"
#include "worker/function_executor.hpp"
#include "worker/worker.hpp"

namespace divvy {

void serve(const Endpoints& endpoints, Function function, const ServeOptions& options) {
  serve(std::vector{endpoints}, std::move(function), options);
}

void serve(const std::vector<Endpoints>& endpoints, Function function,
           const ServeOptions& options) {
  if (endpoints.empty()) throw std::invalid_argument("a worker serves at least one ventilator");
  if (options.slots < 1 || options.slots > kMaxSlots) {
    throw std::invalid_argument("a worker has from 1 to " + std::to_string(kMaxSlots) + " slots");
  }
  if (options.name.size() > kMaxNameBytes) throw std::invalid_argument("the name is too long");
  std::vector<worker::Pipeline::Settings> pipelines;
  const std::string name = options.name.empty() ? worker::default_name() : options.name;
  for (const Endpoints& one : endpoints) {
    for (const auto* endpoint : {&one.tasks, &one.results, &one.feedback})
      check_endpoint(*endpoint);
    pipelines.push_back(
        {.endpoints = one, .name = name, .label = endpoints.size() > 1 ? one.feedback : ""});
  }
  worker::Worker({.key = options.key, .is_protected = options.insecure || !options.key.empty()},
                 std::move(pipelines),
                 std::make_unique<worker::FunctionExecutor>(std::move(function), options.slots))
      .run();
}

}  // namespace divvy
