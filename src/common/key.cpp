#include "common/key.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <cerrno>
#include <cstdint>
#include <cstring>
#include <stdexcept>

#include "common/descriptor.hpp"

namespace divvy {
namespace {

// The file is this line, then the secret half in Z85, from which the public one follows.
constexpr std::string_view kTitle = "divvy key 1\n";
constexpr std::size_t kTextBytes = 40;

[[noreturn]] void fail(const std::string& path, std::string_view why) {
  throw std::runtime_error(fmt::format("key file {}: {}", path, why));
}

void check_curve() {
  if (zmq_has("curve") == 0) throw std::runtime_error("this libzmq was built without CURVE");
}

// Of a file of its own, nothing. Where root lends a key to a service, as Kubernetes and systemd do,
// the file is root's, and the service reads it through its group.
mode_t forbidden_modes(const struct stat& about) {
  constexpr mode_t of_others = S_IRWXG | S_IRWXO;
  const bool is_lent = about.st_uid == 0 && ::geteuid() != 0;
  return is_lent ? of_others & ~mode_t{S_IRGRP} : of_others;
}

Descriptor open_private(const std::string& path) {
  Descriptor fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about {};
  if (!fd.open() || ::fstat(fd.get(), &about) != 0) fail(path, std::strerror(errno));
  if (!S_ISREG(about.st_mode)) fail(path, "it is no regular file");
  if ((about.st_mode & forbidden_modes(about)) != 0) {
    fail(path, fmt::format("others can read it; chmod 600 {}", path));
  }
  return fd;
}

Descriptor open_key(const std::string& path) {
  if (path != "-") return open_private(path);
  return checked(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0), "standard input");
}

// What follows a key on standard input is for others to read.
std::string read_at_most(int fd, std::size_t most) {
  std::string text(most, '\0');
  std::size_t size = 0;
  while (size < most) {
    const ssize_t more = ::read(fd, &text[size], most - size);
    if (more < 0 && errno == EINTR) continue;
    if (more <= 0) break;
    size += static_cast<std::size_t>(more);
  }
  text.resize(size);
  return text;
}

void decode(Key::Half& half, const char* text) {
  zmq_z85_decode(reinterpret_cast<std::uint8_t*>(half.data()), text);
}

}  // namespace

Key read_key(const std::string& path) {
  check_curve();
  const std::size_t size = kTitle.size() + kTextBytes + 1;
  const std::string text = read_at_most(open_key(path).get(), path == "-" ? size : size + 1);
  const bool whole = text.size() == size && text.ends_with('\n');
  const std::string secret = whole ? text.substr(kTitle.size(), kTextBytes) : "";
  std::array<char, kTextBytes + 1> derived{};
  if (!whole || !text.starts_with(kTitle) ||
      zmq_curve_public(derived.data(), secret.c_str()) != 0) {
    fail(path, "it is no key file; ventilator --make-key FILE makes one");
  }
  Key key;
  decode(key.public_half, derived.data());
  decode(key.secret_half, secret.c_str());
  return key;
}

Key new_key() {
  check_curve();
  std::array<char, kTextBytes + 1> public_half{};
  std::array<char, kTextBytes + 1> secret_half{};
  if (zmq_curve_keypair(public_half.data(), secret_half.data()) != 0) {
    throw std::runtime_error("cannot make a key");
  }
  Key key;
  decode(key.public_half, public_half.data());
  decode(key.secret_half, secret_half.data());
  return key;
}

std::string file_text(const Key& key) {
  std::array<char, kTextBytes + 1> secret{};
  zmq_z85_encode(secret.data(), reinterpret_cast<const std::uint8_t*>(key.secret_half.data()),
                 key.secret_half.size());
  return fmt::format("{}{}\n", kTitle, secret.data());
}

void make_key(const std::string& path) {
  const std::string text = file_text(new_key());
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.open()) fail(path, std::strerror(errno));
  const bool written =
      ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(fd.get()) == 0;
  if (written) return;
  const int error = errno;
  ::unlink(path.c_str());
  fail(path, std::strerror(error));
}

}  // namespace divvy
