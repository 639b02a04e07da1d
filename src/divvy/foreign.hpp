// Options of other tools.
#pragma once

#include <string>

namespace divvy::launcher {

/// What to say to somebody who has typed `option` of GNU parallel, xargs or HyperQueue: what to
/// type instead. `option` may have its value in it, as in -P4 or --retry=3; otherwise that is
/// `next`, the word behind it. Empty if it is none of theirs.
std::string instead_of(const std::string& option, const std::string& next);

}  // namespace divvy::launcher
