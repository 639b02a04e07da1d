#include "worker/rules/script.hpp"

#include <algorithm>

#include "worker/rules/template.hpp"

namespace divvy::worker {
namespace {

// $10 is $1 and a 0, and ${10} might be a placeholder.
constexpr std::size_t kMostParameters = 9;

bool is_text(Form form) { return form != Form::number && form != Form::slot; }

// Reads a script as a shell does, as far as quotes are concerned.
class Rewriting {
 public:
  Rewriting(std::string_view script, std::size_t first, bool columns)
      : rest_(script), first_(first), columns_(columns) {}

  std::optional<SafeScript> result() {
    while (!rest_.empty()) {
      if (!step()) return {};
    }
    return open_.empty() ? std::optional(done_) : std::nullopt;
  }

 private:
  // One piece of it. False if it is beyond us.
  bool step() {
    const std::size_t escape = rest_.starts_with('\\') ? 1 : 0;
    if (const auto literal = placeholder_at(rest_.substr(escape), columns_); literal.size > 0) {
      if (escape == 0 && is_text(literal.form)) return parameter(literal.size);
      return copy(escape + literal.size);
    }
    if (within('\'')) return in_single_quotes();
    if (escape > 0) return copy(2);
    if (rest_.starts_with('`') || rest_.starts_with("<<") || rest_.starts_with("$'")) return false;
    if (rest_.starts_with("$(")) return copy(1) && open('(');
    if (rest_.starts_with('"')) return within('"') ? close() : open('"');
    if (within('"')) return copy(1);
    if (rest_.starts_with('\'') || rest_.starts_with('(')) return open(rest_.front());
    return rest_.starts_with(')') && within('(') ? close() : copy(1);
  }

  bool in_single_quotes() { return rest_.starts_with('\'') ? close() : copy(1); }

  bool parameter(std::size_t size) {
    const std::string placeholder(rest_.substr(0, size));
    auto& arguments = done_.arguments;
    const auto at = std::find(arguments.begin(), arguments.end(), placeholder);
    const std::size_t number = first_ + static_cast<std::size_t>(at - arguments.begin());
    if (number > kMostParameters) return false;
    if (at == arguments.end()) arguments.push_back(placeholder);
    const std::string_view quote = within('"') ? "" : "\"";
    const std::string_view outer = within('\'') ? "'" : "";
    for (const std::string_view piece : {outer, quote, std::string_view("$")})
      done_.script += piece;
    done_.script += std::to_string(number);
    for (const std::string_view piece : {quote, outer}) done_.script += piece;
    rest_.remove_prefix(size);
    return true;
  }

  [[nodiscard]] bool within(char kind) const { return !open_.empty() && open_.back() == kind; }

  bool open(char kind) {
    open_.push_back(kind);
    return copy(1);
  }

  bool close() {
    open_.pop_back();
    return copy(1);
  }

  bool copy(std::size_t size) {
    size = std::min(size, rest_.size());
    done_.script += rest_.substr(0, size);
    rest_.remove_prefix(size);
    return true;
  }

  std::string_view rest_;
  std::size_t first_;
  bool columns_;
  std::string open_;  // the quotes and parentheses that we are in
  SafeScript done_;
};

}  // namespace

bool pastes_text(std::string_view script, bool columns) {
  for (std::size_t at = 0; at < script.size(); ++at) {
    const std::size_t escape = script[at] == '\\' ? 1 : 0;
    const auto placeholder = placeholder_at(script.substr(at + escape), columns);
    if (placeholder.size == 0) continue;
    if (escape == 0 && is_text(placeholder.form)) return true;
    at += escape + placeholder.size - 1;
  }
  return false;
}

std::optional<SafeScript> safe_script(std::string_view script, std::size_t first, bool columns) {
  return Rewriting(script, first, columns).result();
}

}  // namespace divvy::worker
