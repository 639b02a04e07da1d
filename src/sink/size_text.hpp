// Amounts of memory for people.
#pragma once

#include <cstdint>
#include <string>

namespace divvy::sink {

/// "640 KiB", "1.2 GiB".
std::string size_text(std::uint64_t bytes);

}  // namespace divvy::sink
