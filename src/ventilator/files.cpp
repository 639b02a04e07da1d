#include "ventilator/files.hpp"

#include <unistd.h>

#include <cerrno>
#include <utility>

#include "ventilator/input_file.hpp"

namespace divvy::ventilator {
Files::Files(std::vector<std::string> paths) : paths_(std::move(paths)) {
  check_readable(paths_);
  fd_ = open_input(paths_.front());
}

Files::Read Files::read() {
  const ssize_t size = ::read(fd_.get(), block_.data(), block_.size());
  size_ = size > 0 ? static_cast<std::size_t>(size) : 0;
  if (size == 0) return Read::end;
  if (size < 0 && errno != EAGAIN && errno != EINTR) fail_to_read(paths_[current_], errno);
  return size > 0 ? Read::bytes : Read::nothing;
}

void Files::next() {
  if (++current_ < paths_.size()) fd_ = open_input(paths_[current_]);
}

std::string Files::name() const { return input_name(paths_[current_]); }

}  // namespace divvy::ventilator
