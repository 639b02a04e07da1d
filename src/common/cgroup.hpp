// What the control groups of this process allow it: of version 2, as containers and systemd have
// it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace divvy {

/// How many cores its group, and those around that, have the time of, rounded up; nothing without a
/// limit. `root`: where /proc and /sys are.
std::optional<std::uint32_t> cgroup_cores(const std::string& root = "");
/// How many bytes of memory they have left; what the kernel can drop at once counts as left.
std::optional<std::uint64_t> cgroup_memory_left(const std::string& root = "");

}  // namespace divvy
