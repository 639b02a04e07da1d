#include "common/cgroup.hpp"

#include <algorithm>
#include <fstream>
#include <string_view>
#include <vector>

namespace divvy {
namespace {

// "0::/a/b", a line of /proc/self/cgroup; those of version 1 begin otherwise.
std::optional<std::string> own_path(const std::string& root) {
  std::ifstream file(root + "/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("0::/")) return line.substr(3);
  }
  return {};
}

// The directories of the group, and of those around it.
std::vector<std::string> own_groups(const std::string& root) {
  std::vector<std::string> groups;
  for (auto path = own_path(root); path;) {
    if (path->ends_with('/')) path->pop_back();
    groups.push_back(root + "/sys/fs/cgroup" + *path);
    if (path->empty()) break;
    path->resize(path->rfind('/'));
  }
  return groups;
}

// "150000 100000": so much time in each period, both in microseconds. Or "max 100000".
std::optional<std::uint32_t> cores_in(const std::string& group) {
  std::ifstream file(group + "/cpu.max");
  std::uint64_t time = 0;
  std::uint64_t period = 0;
  if (!(file >> time >> period) || period == 0) return {};
  return static_cast<std::uint32_t>(std::max<std::uint64_t>(1, (time + period - 1) / period));
}

// Nothing of a file that is not there, or says "max".
std::optional<std::uint64_t> number_in(const std::string& path) {
  std::ifstream file(path);
  std::uint64_t number = 0;
  return file >> number ? std::optional(number) : std::nullopt;
}

// Behind its name; 0: there is none.
std::uint64_t figure_in(const std::string& path, std::string_view name) {
  std::ifstream file(path);
  std::string word;
  std::uint64_t number = 0;
  while (file >> word >> number) {
    if (word == name) return number;
  }
  return 0;
}

std::optional<std::uint64_t> memory_left_in(const std::string& group) {
  const auto limit = number_in(group + "/memory.max");
  if (!limit) return {};
  const std::uint64_t used = number_in(group + "/memory.current").value_or(0);
  const std::uint64_t droppable = figure_in(group + "/memory.stat", "inactive_file");
  return *limit - std::min(*limit, used - std::min(used, droppable));
}

template <class Number>
std::optional<Number> smaller(std::optional<Number> one, std::optional<Number> other) {
  if (!one || !other) return one ? one : other;
  return std::min(*one, *other);
}

}  // namespace

std::optional<std::uint32_t> cgroup_cores(const std::string& root) {
  std::optional<std::uint32_t> least;
  for (const std::string& group : own_groups(root)) least = smaller(least, cores_in(group));
  return least;
}

std::optional<std::uint64_t> cgroup_memory_left(const std::string& root) {
  std::optional<std::uint64_t> least;
  for (const std::string& group : own_groups(root)) least = smaller(least, memory_left_in(group));
  return least;
}

}  // namespace divvy
