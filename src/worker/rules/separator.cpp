#include "worker/rules/separator.hpp"

#include <array>
#include <stdexcept>

namespace divvy::worker {
namespace {

constexpr regmatch_t kNothing{-1, -1};

std::string with_tabs(std::string_view pattern) {
  std::string translated;
  for (; pattern.size() > 1; pattern.remove_prefix(1)) {
    if (pattern[0] == '\\' && pattern[1] == 't') {
      translated += '\t';
      pattern.remove_prefix(1);
    } else if (pattern[0] == '\\') {
      translated += pattern.substr(0, 2);
      pattern.remove_prefix(1);
    } else {
      translated += pattern[0];
    }
  }
  return translated.append(pattern);
}

std::string_view trimmed(std::string_view column) {
  constexpr std::string_view blanks = " \t\n\r\f\v";
  const auto first = column.find_first_not_of(blanks);
  if (first == std::string_view::npos) return {};
  return column.substr(first, column.find_last_not_of(blanks) + 1 - first);
}

}  // namespace

void Separator::Free::operator()(regex_t* regex) const {
  ::regfree(regex);
  std::default_delete<regex_t>()(regex);
}

Separator::Separator(const std::string& pattern) {
  auto regex = std::make_unique<regex_t>();
  const int error = ::regcomp(regex.get(), with_tabs(pattern).c_str(), REG_EXTENDED);
  if (error != 0) {
    std::array<char, 100> reason{};
    ::regerror(error, regex.get(), reason.data(), reason.size());
    throw std::invalid_argument("'" + pattern + "' is no regular expression: " + reason.data());
  }
  regex_.reset(regex.release());
}

std::vector<std::string_view> Separator::columns(std::string_view text) const {
  std::vector<std::string_view> columns;
  regoff_t start = 0;
  const auto cut = [&](regoff_t end) {
    const auto size = static_cast<std::size_t>(end - start);
    columns.push_back(trimmed(text.substr(static_cast<std::size_t>(start), size)));
  };
  while (true) {
    regmatch_t match = find(text, start);
    // An empty match at the start of a column is no separator.
    if (match.rm_eo == start) match = find(text, start + 1);
    if (match.rm_so < 0) break;
    cut(match.rm_so);
    start = match.rm_eo;
  }
  cut(static_cast<regoff_t>(text.size()));
  return columns;
}

// What is before `from` counts for ^ and \b.
regmatch_t Separator::find(std::string_view text, regoff_t from) const {
  const auto size = static_cast<regoff_t>(text.size());
  if (from > size) return kNothing;
  regmatch_t match{from, size};
  const int error = ::regexec(regex_.get(), text.data(), 1, &match, REG_STARTEND);
  return error == 0 ? match : kNothing;
}

}  // namespace divvy::worker
