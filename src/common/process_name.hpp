// Who this process is, for people.
#pragma once

#include <string>

namespace divvy {

/// "host:pid".
std::string process_name();

}  // namespace divvy
