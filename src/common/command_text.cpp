#include "common/command_text.hpp"

#include <fmt/format.h>

#include "common/digest.hpp"
#include "common/quoting.hpp"
#include "divvy/protocol.hpp"

namespace divvy {
namespace {

std::string shortened(const std::string& text) {
  if (text.size() <= kMaxLineBytes) return text;
  const std::string hash = fmt::format("... #{:016x}", digest_of(text));
  return text.substr(0, kMaxLineBytes - hash.size()) + hash;
}

}  // namespace

std::string command_text(const std::vector<std::string>& words, const std::string& colsep,
                         bool task_on_stdin, bool is_filter) {
  if (words.empty()) return {};
  std::string text = quoted(words);
  if (task_on_stdin) text += " (--stdin)";
  if (is_filter) text += " (--filter)";
  if (!colsep.empty()) text += fmt::format(" (--colsep {})", in_quotes(colsep));
  return shortened(text);
}

}  // namespace divvy
