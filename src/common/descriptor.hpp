// File descriptors.
#pragma once

#include <cstdint>
#include <string>
#include <utility>

namespace divvy {

/// Owns a file descriptor.
class Descriptor {
 public:
  Descriptor() = default;
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(other.release()) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor();

  [[nodiscard]] int get() const { return fd_; }
  [[nodiscard]] bool open() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

/// What a system call returned; throws std::system_error, with errno, if it failed.
Descriptor checked(int fd, const char* what);

/// The most descriptors that this process may have open.
std::uint64_t descriptor_limit();
/// For people: "the limit on open files (ulimit -n) is 1024".
std::string descriptor_limit_text();
/// From now on it may have as many as the system lets it have.
void raise_descriptor_limit();
void set_descriptor_limit(std::uint64_t most);
/// How many more it can open, at least.
std::uint64_t descriptors_left();
/// So many of them are not for newcomers, but for files and for the peers that are there.
std::uint64_t reserved_descriptors();

/// Why `path` cannot be read, as an errno; 0 if nothing is known against it. It is not opened,
/// which would disturb a named pipe. "-" is standard input.
int read_error(const std::string& path);

/// Opens those of descriptors 0 to 2 that are closed, so that nothing else gets their numbers.
/// Input is empty, writing output fails, and lines for the user are dropped.
void open_standard_streams();

}  // namespace divvy
