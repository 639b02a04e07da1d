#include "worker/task_file.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <string>

#include "worker/shortage.hpp"

namespace divvy::worker {

Descriptor task_file(std::string_view task) {
  const std::string content = std::string(task) + '\n';
  Descriptor file(::memfd_create("task", MFD_CLOEXEC));
  // Unlike a pipe, a file takes all at once or has no room.
  const auto size = static_cast<ssize_t>(content.size());
  if (file.open() && ::pwrite(file.get(), content.data(), content.size(), 0) == size) return file;
  throw_error(errno, "cannot hold a task in memory");
}

}  // namespace divvy::worker
