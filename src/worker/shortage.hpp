// Limits of the machine, which are no task's fault.
#pragma once

#include <string>
#include <system_error>

namespace divvy::worker {

/// Whether this error number says that there are no descriptors, processes or memory left. It may
/// be gone when other tasks have ended.
bool is_shortage(int error);

/// Which limit it is, and its value, as far as that can be known: "the limit on open files (ulimit
/// -n) is 1024".
std::string shortage_text(int error);

/// Thrown where one of these errors stopped what was begun; its code() is the error.
class Shortage : public std::system_error {
 public:
  explicit Shortage(int error) : system_error(error, std::generic_category()) {}
};

/// Throws a Shortage, or another std::system_error with this text.
[[noreturn]] void throw_error(int error, const char* what);

}  // namespace divvy::worker
