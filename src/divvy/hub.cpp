#include "divvy/hub.hpp"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include <cerrno>
#include <stdexcept>
#include <utility>

#include "common/key.hpp"
#include "common/standard_streams.hpp"

namespace divvy::launcher {
namespace {

constexpr int kPorts = 3;
constexpr int kAttempts = 100;

Descriptor make_socket(int family) {
  Descriptor fd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  constexpr int on = 1;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return fd;
}

// On all addresses, IPv4 ones too; 0 is any port. Returns the port; 0: it is somebody else's.
std::uint16_t bind_to(const Descriptor& fd, bool ipv6, std::uint16_t port) {
  sockaddr_in6 six{};
  six.sin6_family = AF_INET6;
  six.sin6_port = htons(port);
  sockaddr_in four{};
  four.sin_family = AF_INET;
  four.sin_port = htons(port);
  auto* const raw = ipv6 ? reinterpret_cast<sockaddr*>(&six) : reinterpret_cast<sockaddr*>(&four);
  socklen_t size = ipv6 ? sizeof six : sizeof four;
  if (::bind(fd.get(), raw, size) != 0 || ::getsockname(fd.get(), raw, &size) != 0) return 0;
  return ntohs(ipv6 ? six.sin6_port : four.sin_port);
}

}  // namespace

// A worker that is started again may come before its old lane is closed. Where there are not so
// many ports in a row, the ventilator connects to the workers.
Hub::Hub(std::size_t workers) : key_(file_text(new_key())) {
  put_key_into_file();
  has_ipv6_ = bind_to(make_socket(AF_INET6), true, 0) != 0;
  const int lanes = 2 * static_cast<int>(workers);
  if (reserve_ports(kPorts + lanes) || reserve_ports(kPorts)) return;
  throw std::runtime_error("there are no three free ports in a row for --hosts");
}

void Hub::put_key_into_file() {
  key_file_ = checked(::memfd_create("key", MFD_CLOEXEC), "cannot keep a key");
  ::fchmod(key_file_.get(), 0600);
  if (write_all(key_file_.get(), key_) != 0) throw std::runtime_error("cannot keep a key");
}

// A port that is bound is given to nobody who wants any port, and while nobody listens there
// whoever asks for just this one, and allows it as ZeroMQ does, can have it, too.
bool Hub::reserve_ports(int count) {
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    if (try_ports(count)) return true;
  }
  return false;
}

// So many in a row.
bool Hub::try_ports(int count) {
  reserved_.clear();
  port_ = 0;
  for (int i = 0; i < count; ++i) {
    Descriptor fd = make_socket(has_ipv6_ ? AF_INET6 : AF_INET);
    const auto wanted = static_cast<std::uint16_t>(i == 0 ? 0 : port_ + i);
    const std::uint16_t port = bind_to(fd, has_ipv6_, wanted);
    if (port == 0 || port > 65535 - count) return false;
    if (i == 0) port_ = port;
    reserved_.push_back(std::move(fd));
  }
  return true;
}

std::vector<std::string> Hub::options() const {
  return {"--at", fmt::format("{}:{}", has_ipv6_ ? "[::]" : "0.0.0.0", port_),
          fmt::format("--key=/dev/fd/{}", key_file_.get())};
}

std::vector<std::string> Hub::lane_options() const {
  const std::size_t last = port_ + reserved_.size() - 1;
  if (reserved_.size() == kPorts) return {};
  return {fmt::format("--lanes={}-{}", port_ + kPorts, last)};
}

std::vector<std::string> Hub::local_worker_options() const {
  return {"--at", fmt::format("127.0.0.1:{}", port_), "--key=-"};
}

}  // namespace divvy::launcher
