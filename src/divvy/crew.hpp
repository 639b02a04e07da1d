// The launcher's workers.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "common/log.hpp"
#include "common/time.hpp"
#include "divvy/child.hpp"

namespace divvy::launcher {

/// One a core, for while a worker starts a process it does nothing else; and no more, for each
/// takes its time to start. A single one where each start depends on the others.
class Crew {
 public:
  using Start = std::function<Child(std::vector<std::string> arguments)>;

  /// At most so many workers, with `jobs` slots in all. `start` starts one with these arguments.
  Crew(std::uint32_t jobs, std::uint32_t most, Start start);

  /// Starts others in the places of those that were killed, so that there are as many slots as
  /// before: at once the first time, and then one a second at most for each place. One that has
  /// ended by itself would do so again.
  void replace_killed(const Log& log, Time now);
  /// When replace_killed() has something to do.
  [[nodiscard]] std::optional<Time> deadline() const;
  /// Whether there are none any more, and there will be none.
  [[nodiscard]] bool has_ended() const;

  [[nodiscard]] std::vector<Child*> workers();

 private:
  struct Place {
    std::vector<std::string> arguments{};
    Child worker;
    Time not_before{};                // when the next one may be started
    std::optional<Time> starts_at{};  // when it will be
  };

  void replace(Place& place, Time now);

  Start start_;
  std::vector<Place> places_;
};

}  // namespace divvy::launcher
