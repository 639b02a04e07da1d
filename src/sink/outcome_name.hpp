// How attempts ended, as journal and log have it.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "divvy/protocol.hpp"

namespace divvy::sink {

inline std::string_view outcome_name(Outcome outcome) {
  constexpr std::array<std::string_view, 8> names{"slept",     "exited", "signalled",   "failed",
                                                  "timed out", "lost",   "interrupted", "skipped"};
  return names.at(static_cast<std::size_t>(outcome));
}

}  // namespace divvy::sink
