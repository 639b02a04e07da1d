#include "worker/piece.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <stdexcept>

#include "worker/shortage.hpp"

namespace divvy::worker {
namespace {

[[noreturn]] void fail_to_read(const Piece& piece) {
  if (is_shortage(errno)) throw Shortage(errno);
  throw std::runtime_error(fmt::format("cannot read {}: {}", piece.file, std::strerror(errno)));
}

}  // namespace

void check(const std::optional<Piece>& piece) {
  if (!piece) throw std::runtime_error("what was sent is no piece of the input");
}

Descriptor open_file_of(const Piece& piece) {
  Descriptor file(::open(std::string(piece.file).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.open()) fail_to_read(piece);
  return file;
}

void fail_as_shorter(const Piece& piece) {
  throw std::runtime_error(
      fmt::format("{} has become shorter since the batch was begun", piece.file));
}

std::string bytes_of(const std::optional<Piece>& piece) {
  check(piece);
  if (piece->file.empty()) return std::string(piece->data);
  const Descriptor file = open_file_of(*piece);
  std::string bytes(piece->size, '\0');
  for (std::size_t done = 0; done < bytes.size();) {
    const ssize_t size = ::pread(file.get(), bytes.data() + done, bytes.size() - done,
                                 static_cast<off_t>(piece->offset + done));
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) fail_to_read(*piece);
    if (size == 0) fail_as_shorter(*piece);
    done += static_cast<std::size_t>(size);
  }
  return bytes;
}

}  // namespace divvy::worker
