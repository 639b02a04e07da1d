#include "ventilator/files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>
#include <utility>

namespace divvy::ventilator {
namespace {

bool is_standard(const std::string& path) { return path == "-"; }

std::string name_of(const std::string& path) { return is_standard(path) ? "standard input" : path; }

[[noreturn]] void fail_to_read(const std::string& path, int error) {
  throw std::runtime_error(fmt::format("cannot read {}: {}", name_of(path), std::strerror(error)));
}

void check(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    if (const int error = read_error(path)) fail_to_read(path, error);
  }
}

// Without blocking: a pipe with a name may have to wait for somebody to write to it.
Descriptor open_one(const std::string& path) {
  Descriptor fd(is_standard(path) ? ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0)
                                  : ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (!fd.open()) fail_to_read(path, errno);
  return fd;
}

}  // namespace

Files::Files(std::vector<std::string> paths) : paths_(std::move(paths)) {
  check(paths_);
  fd_ = open_one(paths_.front());
}

Files::Read Files::read() {
  const ssize_t size = ::read(fd_.get(), block_.data(), block_.size());
  size_ = size > 0 ? static_cast<std::size_t>(size) : 0;
  if (size == 0) return Read::end;
  if (size < 0 && errno != EAGAIN && errno != EINTR) fail_to_read(paths_[current_], errno);
  return size > 0 ? Read::bytes : Read::nothing;
}

void Files::next() {
  if (++current_ < paths_.size()) fd_ = open_one(paths_[current_]);
}

std::string Files::name() const { return name_of(paths_[current_]); }

}  // namespace divvy::ventilator
