// A function as a worker: serve() calls it for each task.
//
//   divvy::serve(divvy::endpoints_at("127.0.0.1"), [](std::string_view task) {
//     return std::string(task) + ": done\n";
//   });
//
// Link the target divvy::worker of find_package(divvy), or what `pkg-config divvy` says.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "divvy/endpoints.hpp"

namespace divvy {

/// Does a task, and returns what the sink is to print, at most 100 MiB. It is called in threads of
/// its own, as many at once as there are slots, so with several it must be thread-safe. `task` is
/// valid during the call. An exception fails the task; its what() is the reason.
using Function = std::function<std::string(std::string_view task)>;

struct ServeOptions {
  std::uint32_t slots = 1;  // tasks at once, 1 to 100,000
  std::string key{};        // path of a key file, from ventilator --make-key; empty: none
  bool insecure = false;    // without a key, allow endpoints that others can reach
  std::string name{};       // for people, at most 1,024 bytes; empty: HOST:PID
};

/// Serves ventilators until SIGINT or SIGTERM: then it finishes what runs, gives the rest back, and
/// returns. A second signal ends the process; its tasks go to other workers. Throws, with a line
/// for the user, std::invalid_argument if an option is out of bounds, or if others can reach an
/// endpoint and nothing protects it, and std::runtime_error if it cannot listen or connect.
///
/// To be called before other threads are started, for it blocks these signals, and SIGTSTP, while
/// it serves. It ignores SIGPIPE and raises the limit on descriptors, for good.
void serve(const Endpoints& endpoints, Function function, const ServeOptions& options = {});
/// The same at several places, whose ventilators share the slots fairly.
void serve(const std::vector<Endpoints>& endpoints, Function function,
           const ServeOptions& options = {});

}  // namespace divvy
