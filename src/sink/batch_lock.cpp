#include "sink/batch_lock.hpp"

#include <fcntl.h>
#include <fmt/format.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>

namespace divvy::sink {
namespace {

// Beyond any file, and so beyond the bytes that SQLite locks. Two batches have the same byte once
// in 2^62.
off_t byte_of(BatchId batch) {
  constexpr std::uint64_t beyond = std::uint64_t{1} << 62;
  return static_cast<off_t>(beyond | (static_cast<std::uint64_t>(batch) >> 2));
}

}  // namespace

BatchLock::BatchLock(const std::string& path)
    : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (file_.open()) return;
  throw std::runtime_error(fmt::format("cannot open journal {}: {}", path, std::strerror(errno)));
}

// Where files cannot be locked, batches are not.
bool BatchLock::take(BatchId batch) {
  return set(F_WRLCK, batch) || (errno != EAGAIN && errno != EACCES);
}

void BatchLock::give_back(BatchId batch) { (void)set(F_UNLCK, batch); }

bool BatchLock::set(short type, BatchId batch) const {
  struct flock lock {};
  lock.l_type = type;
  lock.l_whence = SEEK_SET;
  lock.l_start = byte_of(batch);
  lock.l_len = 1;
  return ::fcntl(file_.get(), F_OFD_SETLK, &lock) == 0;
}

}  // namespace divvy::sink
