#include "worker/command_text.hpp"

#include <fmt/format.h>

#include "common/digest.hpp"
#include "common/quoting.hpp"
#include "divvy/protocol.hpp"

namespace divvy::worker {

std::string command_text(const std::vector<std::string>& words) {
  std::string text = quoted(words);
  if (text.size() <= kMaxLineBytes) return text;
  Digest digest;
  digest.add(text);
  const std::string end = fmt::format("... ({:016x})", digest.value());
  return text.substr(0, kMaxLineBytes - end.size()) + end;
}

}  // namespace divvy::worker
