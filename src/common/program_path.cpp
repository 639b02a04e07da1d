#include "common/program_path.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string_view>

namespace divvy {
namespace {

bool is_executable(const std::string& path) {
  struct stat about {};
  return ::access(path.c_str(), X_OK) == 0 && ::stat(path.c_str(), &about) == 0 &&
         S_ISREG(about.st_mode);
}

}  // namespace

std::vector<std::string> program_paths(const std::string& word) {
  if (word.find('/') != std::string::npos) return {word};
  const char* const set = std::getenv("PATH");
  std::string_view rest = set == nullptr ? "/bin:/usr/bin" : set;
  std::vector<std::string> paths;
  while (true) {
    const std::string_view directory = rest.substr(0, rest.find(':'));
    paths.push_back(directory.empty() ? word : fmt::format("{}/{}", directory, word));
    if (directory.size() == rest.size()) return paths;
    rest.remove_prefix(directory.size() + 1);
  }
}

bool is_program(const std::string& word) {
  const auto paths = program_paths(word);
  return std::any_of(paths.begin(), paths.end(), is_executable);
}

std::string why_not_found(const std::string& word) {
  if (is_program(word)) return {};
  if (word.find('/') == std::string::npos) return fmt::format("cannot find {} in PATH", word);
  const int error = ::access(word.c_str(), X_OK) == 0 ? EACCES : errno;
  return fmt::format("cannot run {}: {}", word, std::strerror(error));
}

}  // namespace divvy
