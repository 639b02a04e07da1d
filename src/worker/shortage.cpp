#include "worker/shortage.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <cerrno>

namespace divvy::worker {
namespace {

std::string with_limit(__rlimit_resource resource, const char* what, const char* otherwise) {
  rlimit limit{};
  if (::getrlimit(resource, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return otherwise;
  return fmt::format("the limit on {} is {}", what, limit.rlim_cur);
}

}  // namespace

bool is_shortage(int error) {
  return error == EMFILE || error == ENFILE || error == EAGAIN || error == ENOMEM;
}

std::string shortage_text(int error) {
  if (error == EMFILE) return with_limit(RLIMIT_NOFILE, "open files (ulimit -n)", "no more files");
  if (error == ENFILE) return "the system's limit on open files (fs.file-max) is reached";
  if (error == ENOMEM) return "there is no memory left";
  return with_limit(RLIMIT_NPROC, "processes (ulimit -u)", "there is no room for more processes");
}

void throw_error(int error, const char* what) {
  if (is_shortage(error)) throw Shortage(error);
  throw std::system_error(error, std::generic_category(), what);
}

}  // namespace divvy::worker
