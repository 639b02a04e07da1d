#include "common/key.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zmq.h>

#include <algorithm>
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

void decode(Key::Half& half, const char* text) {
  zmq_z85_decode(reinterpret_cast<std::uint8_t*>(half.data()), text);
}

}  // namespace

Key read_key(const std::string& path) {
  check_curve();
  const Descriptor fd = open_private(path);
  std::array<char, kTitle.size() + kTextBytes + 2> file{};
  const ssize_t size = ::read(fd.get(), file.data(), file.size());
  const std::string text(file.data(), static_cast<std::size_t>(std::max<ssize_t>(0, size)));
  const bool whole = text.size() == kTitle.size() + kTextBytes + 1 && text.ends_with('\n');
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

void make_key(const std::string& path) {
  check_curve();
  std::array<char, kTextBytes + 1> public_half{};
  std::array<char, kTextBytes + 1> secret_half{};
  if (zmq_curve_keypair(public_half.data(), secret_half.data()) != 0) {
    throw std::runtime_error("cannot make a key");
  }
  const Descriptor fd(::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (!fd.open()) fail(path, std::strerror(errno));
  const std::string text = fmt::format("{}{}\n", kTitle, secret_half.data());
  const bool written =
      ::write(fd.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
      ::fsync(fd.get()) == 0;
  if (written) return;
  const int error = errno;
  ::unlink(path.c_str());
  fail(path, std::strerror(error));
}

}  // namespace divvy
