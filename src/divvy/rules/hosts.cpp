#include "divvy/rules/hosts.hpp"

#include <algorithm>
#include <cctype>
#include <set>
#include <stdexcept>

#include "common/quoting.hpp"

namespace divvy::launcher {
namespace {

[[noreturn]] void refuse(std::string_view entry, const std::string& why) {
  throw std::invalid_argument("--hosts: " + on_one_line(in_quotes(entry)) + ": " + why);
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r";
  const auto first = text.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.emplace_back(text.substr(0, end));
    if (end == std::string_view::npos) return parts;
    text.remove_prefix(end + 1);
  }
}

bool is_plain(char letter) {
  const auto byte = static_cast<unsigned char>(letter);
  return std::isalnum(byte) != 0 || byte >= 0x80 ||
         std::string_view("._-@%+\\:").find(letter) != std::string_view::npos;
}

// ssh would take a dash for an option's. What else is no name is said before it becomes "unknown".
void check_name(std::string_view name, std::string_view entry) {
  const std::string_view host = name.substr(name.rfind('@') + 1);
  if (name.empty() || host.empty() || name.front() == '@') {
    refuse(entry, "there is no host in it");
  }
  if (name.front() == '-' || host.front() == '-') refuse(entry, "no host begins with a dash");
  if (name.find('/') != std::string_view::npos) {
    refuse(entry, "write HOST:SLOTS, such as server:8, or file:PATH for a file of hosts");
  }
  if (!std::all_of(name.begin(), name.end(), is_plain)) refuse(entry, "that is no host's name");
}

struct Parts {
  std::string_view user;  // with its @
  std::string_view host;  // without brackets
  std::string_view slots;
  bool has_brackets;
};

Parts take_apart(std::string_view entry) {
  const auto at = entry.rfind('@');
  const auto begin = at == std::string_view::npos ? 0 : at + 1;
  const std::string_view user = entry.substr(0, begin);
  const std::string_view rest = entry.substr(begin);
  const bool has_brackets = rest.starts_with('[');
  const auto end = has_brackets ? rest.find(']') : rest.find(':');
  if (has_brackets && end == std::string_view::npos) refuse(entry, "a ] is missing");
  const auto host = has_brackets ? rest.substr(1, end - 1) : rest.substr(0, end);
  const auto more = rest.substr(std::min(rest.size(), has_brackets ? end + 1 : end));
  if (!more.empty() && more.front() != ':') refuse(entry, "only :SLOTS can follow a ]");
  if (more == ":") refuse(entry, "a number of slots is missing after the colon");
  return {user, host, more.substr(std::min<std::size_t>(1, more.size())), has_brackets};
}

// Of USER@HOST, as no name has capitals of its own.
std::string machine_of(const Host& host) {
  std::string machine = host.login.substr(host.login.rfind('@') + 1);
  std::transform(machine.begin(), machine.end(), machine.begin(),
                 [](unsigned char letter) { return static_cast<char>(std::tolower(letter)); });
  return machine;
}

}  // namespace

Host parse_host(std::string_view entry) {
  const Parts parts = take_apart(entry);
  if (parts.slots.find(':') != std::string_view::npos) {
    refuse(entry, "an IPv6 address is written in brackets, such as [fe80::1]:8");
  }
  const std::string user(parts.user);
  const std::string host(parts.host);
  check_name(user + host, entry);
  return {.name = user + (parts.has_brackets ? "[" + host + "]" : host),
          .login = user + host,
          .slots = std::string(parts.slots),
          .is_here = user.empty() && host == "localhost"};
}

std::vector<std::string> split_hosts(std::string_view list) {
  std::vector<std::string> entries;
  for (const std::string& part : split(list, ',')) {
    const auto entry = trimmed(part);
    if (entry.empty()) refuse(list, "a host is missing between the commas");
    entries.emplace_back(entry);
  }
  return entries;
}

std::vector<std::string> hosts_in_file(std::string_view text) {
  std::vector<std::string> entries;
  for (const std::string& line : split(text, '\n')) {
    const auto entry = trimmed(std::string_view(line).substr(0, line.find('#')));
    if (!entry.empty()) entries.emplace_back(entry);
  }
  return entries;
}

void require_different(const std::vector<Host>& hosts) {
  std::set<std::string> machines;
  for (const Host& host : hosts) {
    if (machines.insert(machine_of(host)).second) continue;
    throw std::invalid_argument("--hosts names " + host.name +
                                " twice; name it once, with all of its slots, as in " + host.name +
                                ":8");
  }
}

}  // namespace divvy::launcher
