#include "worker/task_file.hpp"

#include <sys/mman.h>
#include <sys/sendfile.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <string>

#include "worker/piece.hpp"
#include "worker/shortage.hpp"

namespace divvy::worker {
namespace {

constexpr const char* kFailure = "cannot hold a task in memory";

Descriptor memory_file() {
  Descriptor file(::memfd_create("task", MFD_CLOEXEC));
  if (!file.open()) throw_error(errno, kFailure);
  return file;
}

// Unlike a pipe, a file takes all at once or has no room.
void write_all(const Descriptor& file, std::string_view content) {
  for (off_t at = 0; !content.empty();) {
    const ssize_t size = ::pwrite(file.get(), content.data(), content.size(), at);
    if (size <= 0) throw_error(errno, kFailure);
    content.remove_prefix(static_cast<std::size_t>(size));
    at += size;
  }
}

// In the kernel: the bytes do not come to this process.
void copy(const Piece& piece, const Descriptor& to) {
  const Descriptor from = open_file_of(piece);
  auto at = static_cast<off_t>(piece.offset);
  for (std::uint64_t left = piece.size; left > 0;) {
    constexpr std::uint64_t most = 1 << 30;
    const ssize_t size = ::sendfile(to.get(), from.get(), &at, std::min(left, most));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) throw_error(errno, kFailure);
    if (size == 0) fail_as_shorter(piece);
    left -= static_cast<std::uint64_t>(size);
  }
  ::lseek(to.get(), 0, SEEK_SET);  // the process reads from there on
}

}  // namespace

Descriptor task_file(std::string_view task) {
  Descriptor file = memory_file();
  write_all(file, std::string(task) + '\n');
  return file;
}

Descriptor piece_file(const std::optional<Piece>& piece) {
  check(piece);
  Descriptor file = memory_file();
  piece->file.empty() ? write_all(file, piece->data) : copy(*piece, file);
  return file;
}

}  // namespace divvy::worker
