#include "common/host.hpp"

#include <fmt/format.h>
#include <net/if.h>
#include <netdb.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <thread>

#include "common/peer_endpoint.hpp"

namespace divvy {
namespace {

using namespace std::chrono_literals;

constexpr auto kAskAgain = 1s;

// The first address of a family; nothing if the name has none. `error`: why, for people.
std::optional<std::string> address_of(const std::string& name, int family, std::string& error) {
  addrinfo hints{};
  hints.ai_family = family;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  if (const int code = ::getaddrinfo(name.c_str(), nullptr, &hints, &found); code != 0) {
    error = ::gai_strerror(code);
    return {};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> list(found, &::freeaddrinfo);
  const std::string text = numeric_host(found->ai_addr, found->ai_addrlen);
  return family == AF_INET6 ? fmt::format("[{}]", text) : text;
}

std::string address_of(std::string_view host) {
  const std::string name = without_brackets(host);
  std::string error;
  for (const int family : {AF_INET, AF_INET6}) {
    if (const auto address = address_of(name, family, error)) return *address;
  }
  throw UnknownHost(fmt::format("host {}: {}", name, error));
}

std::string address_for(std::string_view host, Use use) {
  const bool everywhere = host == "*" || host == "0.0.0.0" || host == "[::]";
  if (use == Use::connect && everywhere) return host == "[::]" ? "[::1]" : "127.0.0.1";
  const bool is_interface = ::if_nametoindex(std::string(host).c_str()) != 0;
  if (use == Use::bind && (everywhere || is_interface)) return std::string(host);
  return address_of(host);
}

std::string wait_for_address(const std::string& endpoint, const Log& log) {
  for (bool told = false;; told = true) {
    try {
      return with_address(endpoint, Use::connect);
    } catch (const UnknownHost& error) {
      if (!told) log.info(fmt::format("waiting for {}", error.what()));
      std::this_thread::sleep_for(kAskAgain);
    }
  }
}

// Others could put their sockets into such a directory, in place of ours.
bool others_can_write(const std::string& directory) {
  struct stat about {};
  if (::stat(directory.c_str(), &about) != 0) return false;  // it is made when it is needed
  const bool is_ours = about.st_uid == ::geteuid() || about.st_uid == 0;
  return !is_ours || (about.st_mode & S_IWOTH) != 0;
}

}  // namespace

std::string numeric_host(const sockaddr* address, socklen_t size) {
  std::array<char, NI_MAXHOST> text{};
  const int error =
      ::getnameinfo(address, size, text.data(), text.size(), nullptr, 0, NI_NUMERICHOST);
  return error == 0 ? text.data() : "";
}

std::string with_address(std::string_view endpoint, Use use) {
  if (use == Use::none || !endpoint.starts_with("tcp://")) return std::string(endpoint);
  const auto [host, port] = HostPort::split(without_scheme(endpoint));
  return fmt::format("tcp://{}:{}", address_for(host, use), port);
}

Endpoints with_addresses(const Endpoints& endpoints, const Uses& uses, const Log& log) {
  const auto located = [&](const std::string& endpoint, Use use) {
    if (use == Use::connect) return wait_for_address(endpoint, log);
    std::string address = with_address(endpoint, use);
    if (use == Use::bind && is_private(address) && !is_private(endpoint)) {
      log.info(fmt::format("{} is {}, which other machines cannot reach", endpoint, address));
    }
    return address;
  };
  return {.tasks = located(endpoints.tasks, uses.tasks),
          .results = located(endpoints.results, uses.results),
          .feedback = located(endpoints.feedback, uses.feedback)};
}

void require_private(const std::string& endpoint, bool is_protected) {
  if (is_protected) return;
  constexpr std::string_view advice =
      "nothing protects it; use --key FILE (see ventilator --make-key), or --insecure if all of "
      "them may";
  if (!is_private(endpoint)) {
    throw std::invalid_argument(
        fmt::format("{} can be reached by others, and {}", endpoint, advice));
  }
  if (!endpoint.starts_with("ipc://")) return;
  const std::string path(without_scheme(endpoint));
  const std::string directory = path.substr(0, path.rfind('/'));
  if (!path.starts_with('/') || !others_can_write(directory)) return;
  throw std::invalid_argument(fmt::format(
      "others can write into {}; name a directory of your own, for {}", directory, advice));
}

}  // namespace divvy
