#include "divvy/places.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <stdexcept>

namespace divvy::launcher {
namespace {

namespace fs = std::filesystem;

bool is_program(const std::string& path) { return ::access(path.c_str(), X_OK) == 0; }

// A socket's path has room for about a hundred bytes.
std::string directory_for_sockets() {
  const char* const given = std::getenv("TMPDIR");
  const std::string tmp = given == nullptr ? "" : given;
  return tmp.starts_with('/') && tmp.size() <= 50 ? tmp : "/tmp";
}

}  // namespace

std::string program_directory() {
  const char* const given = std::getenv("DIVVY_BIN");
  std::string directory = given != nullptr && *given != '\0'
                              ? fs::absolute(given).string()
                              : fs::read_symlink("/proc/self/exe").parent_path().string();
  for (const char* const name : {"ventilator", "worker", "sink"}) {
    if (is_program(directory + "/" + name)) continue;
    throw std::runtime_error(
        fmt::format("there is no program {} in {}; set DIVVY_BIN to the directory of all three",
                    name, directory));
  }
  return directory;
}

PrivateDirectory::PrivateDirectory() {
  const std::string parent = directory_for_sockets();
  path_ = parent + "/divvy.XXXXXX";
  if (::mkdtemp(path_.data()) != nullptr) return;
  throw std::runtime_error(fmt::format("cannot make a directory in {}: {}; set TMPDIR to another",
                                       parent, std::strerror(errno)));
}

PrivateDirectory::~PrivateDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace divvy::launcher
