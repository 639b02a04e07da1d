#include "divvy/team.hpp"

#include <fmt/format.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string_view>

#include "common/cores.hpp"
#include "common/words.hpp"

namespace divvy::launcher {
namespace {

constexpr std::string_view kFile = "file:";

std::string contents_of(const std::string& path) {
  std::ifstream file(path);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) {
    throw std::runtime_error(fmt::format("--hosts: cannot read the file {}", path));
  }
  return text;
}

Host checked_host(const std::string& entry) {
  Host host = parse_host(entry);
  if (host.slots.empty() || parse_slots(host.slots, cores())) return host;
  throw std::invalid_argument(
      fmt::format("--hosts: {}: '{}' is no number of tasks at once, such as 8, 50% (of the cores "
                  "there), +1 or -1 (more or fewer than there are)",
                  entry, host.slots));
}

std::vector<Host> read_hosts(const std::string& list) {
  std::vector<Host> hosts;
  for (const std::string& entry : split_hosts(list)) {
    if (!entry.starts_with(kFile)) {
      hosts.push_back(checked_host(entry));
      continue;
    }
    const std::string path = entry.substr(kFile.size());
    const auto lines = hosts_in_file(contents_of(path));
    if (lines.empty()) throw std::runtime_error(fmt::format("--hosts: no host is in {}", path));
    for (const std::string& line : lines) hosts.push_back(checked_host(line));
  }
  require_different(hosts);
  return hosts;
}

std::uint32_t jobs_here(const std::string& slots) {
  return slots.empty() ? cores() : parse_slots(slots, cores()).value_or(1);
}

std::vector<std::string> ssh_words(const std::string& text) {
  if (text.empty()) return {"ssh"};
  auto words = split_words(text);
  if (words && !words->empty() && !words->front().empty()) return *words;
  throw std::invalid_argument("--ssh is a command and its options, such as --ssh 'ssh -p 2222'");
}

}  // namespace

Team team_of(const Options& options) {
  if (!options.host_list) return {.jobs_here = jobs_here(options.jobs)};
  Team team{.ssh = ssh_words(options.ssh)};
  for (const Host& host : read_hosts(*options.host_list)) {
    if (host.is_here) {
      team.jobs_here = jobs_here(host.slots.empty() ? options.jobs : host.slots);
    } else {
      team.others.push_back(host);
    }
  }
  if (options.worker.dry_run) return {.jobs_here = jobs_here(options.jobs)};
  return team;
}

}  // namespace divvy::launcher
