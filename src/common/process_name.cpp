#include "common/process_name.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <climits>

namespace divvy {

std::string process_name() {
  std::array<char, HOST_NAME_MAX + 1> host{};
  ::gethostname(host.data(), host.size() - 1);
  return fmt::format("{}:{}", host.data(), ::getpid());
}

}  // namespace divvy
