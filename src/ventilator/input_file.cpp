#include "ventilator/input_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

namespace divvy::ventilator {

bool is_standard_input(const std::string& path) { return path == "-"; }

std::string input_name(const std::string& path) {
  return is_standard_input(path) ? "standard input" : path;
}

void fail_to_read(const std::string& path, int error) {
  throw std::runtime_error(
      fmt::format("cannot read {}: {}", input_name(path), std::strerror(error)));
}

void check_readable(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (const int error = read_error(path)) fail_to_read(path, error);
  }
}

Descriptor open_input(const std::string& path) {
  Descriptor fd(is_standard_input(path) ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                        : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.open()) fail_to_read(path, errno);
  return fd;
}

}  // namespace divvy::ventilator
