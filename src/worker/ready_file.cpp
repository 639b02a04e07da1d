#include "worker/ready_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "common/descriptor.hpp"

namespace divvy::worker {
namespace {

bool make(const std::string& path) {
  constexpr mode_t for_all = 0644;
  return Descriptor(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, for_all))
      .open();
}

[[noreturn]] void fail(const std::string& path, const char* why) {
  throw std::runtime_error(fmt::format("--ready-file {}: {}", path, why));
}

// Ours is an empty file; what is not must not be lost by a slip of the fingers.
void remove_ours(const std::string& path) {
  struct stat about {};
  if (::lstat(path.c_str(), &about) != 0) fail(path, std::strerror(errno));
  if (!S_ISREG(about.st_mode) || about.st_size > 0) fail(path, "there is something else");
  ::unlink(path.c_str());
}

}  // namespace

ReadyFile::ReadyFile(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  if (!make(path_)) fail(path_, std::strerror(errno));
  remove_ours(path_);
}

void ReadyFile::update(bool ready) {
  if (path_.empty() || ready == is_there_) return;
  if (ready) {
    is_there_ = make(path_);
  } else {
    is_there_ = false;
    ::unlink(path_.c_str());
  }
}

}  // namespace divvy::worker
