#include "divvy/rules/left_out.hpp"

#include <algorithm>
#include <cctype>
#include <chrono>
#include <cstddef>
#include <string_view>

namespace divvy::launcher {
namespace {

using namespace std::chrono_literals;

constexpr auto kTogether = 250ms;
constexpr std::size_t kMostNames = 8;

bool is_of_name(char letter) {
  return std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '-' || letter == '_';
}

bool is_word(std::string_view text, std::size_t at, std::size_t size) {
  const bool begins = at == 0 || !is_of_name(text[at - 1]);
  return begins && (at + size >= text.size() || !is_of_name(text[at + size]));
}

// "ssh: connect to host b port 22: No route to host" is the same for c.
std::string without_name(const std::string& reason, const std::string& host) {
  const std::string name = host.substr(host.rfind('@') + 1);
  std::string text;
  std::size_t from = 0;
  for (auto at = reason.find(name); at != std::string::npos; at = reason.find(name, from)) {
    text += reason.substr(from, at - from) +
            (is_word(reason, at, name.size()) ? std::string("HOST") : name);
    from = at + name.size();
  }
  return text + reason.substr(from);
}

std::string what_to_do(std::string_view reason) {
  const auto says = [&](std::string_view words) {
    return reason.find(words) != std::string_view::npos;
  };
  if (says("Permission denied")) {
    return "; nobody is asked for a password: ssh has to get in by a key, or an agent";
  }
  if (says("Host key verification failed")) {
    return "; use ssh once by hand, and it asks whether that is the right host";
  }
  return {};
}

}  // namespace

std::string names_of(const std::vector<std::string>& hosts) {
  std::string names = hosts.front();
  const std::size_t shown = std::min(hosts.size(), kMostNames);
  for (std::size_t i = 1; i < shown; ++i) {
    names += (i + 1 == hosts.size() ? " and " : ", ") + hosts[i];
  }
  if (shown == hosts.size()) return names;
  return names + " and " + std::to_string(hosts.size() - shown) + " more";
}

void LeftOut::add(const std::string& host, const std::string& reason, Time now) {
  Group& group = groups_[without_name(reason, host)];
  if (group.hosts.empty()) group.reason = reason;
  group.hosts.push_back(host);
  if (!due_) due_ = now + kTogether;
}

std::vector<std::string> LeftOut::due(Time now) {
  if (!due_ || now < *due_) return {};
  return rest();
}

std::vector<std::string> LeftOut::rest() {
  due_.reset();
  std::vector<std::string> lines;
  for (const auto& [text, group] : std::exchange(groups_, {})) {
    const bool one = group.hosts.size() == 1;
    const std::string& reason = one ? group.reason : text;
    lines.push_back(names_of(group.hosts) + (one ? " is" : " are") + " left out: " + reason +
                    what_to_do(reason));
  }
  return lines;
}

}  // namespace divvy::launcher
