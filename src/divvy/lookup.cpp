#include "divvy/lookup.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "common/descriptor.hpp"

namespace divvy::launcher {
namespace {

constexpr std::size_t kEnough = 64 << 10;  // bytes to look for a first line in

// Of a regular file, from where it would be read on.
std::string beginning(int fd) {
  struct stat about {};
  if (::fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) return {};
  std::string bytes(kEnough, '\0');
  const ssize_t size = ::pread(fd, bytes.data(), bytes.size(), ::lseek(fd, 0, SEEK_CUR));
  bytes.resize(size < 0 ? 0 : static_cast<std::size_t>(size));
  return bytes;
}

std::string beginning(const std::string& path) {
  if (path == "-") return beginning(STDIN_FILENO);
  struct stat about {};  // a named pipe would be disturbed
  if (::stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) return {};
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  return file.open() ? beginning(file.get()) : std::string();
}

}  // namespace

std::optional<std::string> first_task(const std::string& path, char delimiter) {
  const std::string bytes = beginning(path);
  std::string_view rest = bytes;
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find(delimiter));
    const bool returns = delimiter == '\n' && line.ends_with('\r');
    const std::string_view text = line.substr(0, line.size() - (returns ? 1 : 0));
    if (!text.empty()) return std::string(text);
    rest.remove_prefix(std::min(line.size() + 1, rest.size()));
  }
  return {};
}

}  // namespace divvy::launcher
