// The files that tasks come from.
#pragma once

#include <string>
#include <vector>

#include "common/descriptor.hpp"

namespace divvy::ventilator {

/// "-" is standard input.
bool is_standard_input(const std::string& path);
/// For the user.
std::string input_name(const std::string& path);
/// Throws std::runtime_error, with a line for the user.
[[noreturn]] void fail_to_read(const std::string& path, int error);
/// Throws it if something is known against reading one of these files.
void check_readable(const std::vector<std::string>& paths);
/// Without blocking: a pipe with a name may have to wait for somebody to write to it.
Descriptor open_input(const std::string& path);

}  // namespace divvy::ventilator
