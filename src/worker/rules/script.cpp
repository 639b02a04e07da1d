#include "worker/rules/script.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include "common/quoting.hpp"
#include "worker/rules/script_reader.hpp"

namespace divvy::worker {
namespace {

using Word = Script::Word;
using Part = Script::Part;
using Place = Script::Place;
using Context = Script::Context;

// Quotes have no effect in arithmetic. A number needs none; in parentheses it may be negative.
std::string as_number(const std::string& value) {
  const std::string digits = value.substr(value.starts_with('-') ? 1 : 0);
  const bool is_number =
      !digits.empty() && digits.find_first_not_of("0123456789") == std::string::npos;
  if (is_number) return digits.size() == value.size() ? value : "(" + value + ")";
  throw std::invalid_argument(in_quotes(value) + " is no whole number, and stands in $((...))");
}

std::string in_context(const std::string& value, Context context) {
  switch (context) {
    case Context::unquoted:
      break;
    case Context::in_double_quotes:
      return '"' + in_quotes(value) + '"';
    case Context::in_single_quotes:
      return '\'' + in_quotes(value) + '\'';
    case Context::arithmetic:
      return as_number(value);
  }
  return in_quotes(value);
}

class Filling {
 public:
  explicit Filling(const Values& values) : values_(values) {}

  std::string of(const Word& all) {
    add(all, {});
    return std::move(text_);
  }

 private:
  void add(const Word& word, std::string_view task) {
    for (const Part& part : word.parts) {
      if (const auto* const literal = std::get_if<std::string>(&part.is)) {
        text_ += *literal;
      } else if (const auto* const place = std::get_if<Place>(&part.is)) {
        value_.clear();
        append_value(value_, place->placeholder, values_, task);
        text_ += in_context(value_, place->context);
      } else {
        add_word(std::get<Word>(part.is));
      }
    }
  }

  void add_word(const Word& word) {
    if (!word.is_repeated) return add(word, {});
    if (word.is_single && values_.tasks.size() > 1) {
      throw std::invalid_argument(
          "{} is several words, and where a variable is set, or behind > and <, there is but one; "
          "write {1}, or: for x in {}; do ... done");
    }
    for (std::size_t i = 0; i < values_.tasks.size(); ++i) {
      if (i > 0) text_ += ' ';
      add(word, values_.tasks[i]);
    }
  }

  const Values& values_;
  std::string value_;
  std::string text_;
};

template <class Kind>
bool has(const Word& word, const Kind& kind) {
  return std::any_of(word.parts.begin(), word.parts.end(), [&](const Part& part) {
    if (const auto* const place = std::get_if<Place>(&part.is)) return kind(place->placeholder);
    const auto* const inner = std::get_if<Word>(&part.is);
    return inner != nullptr && has(*inner, kind);
  });
}

bool is_blank(const Part& part) {
  const auto* const literal = std::get_if<std::string>(&part.is);
  return literal != nullptr && literal->find_first_not_of(kBlanks) == std::string::npos;
}

// A word behind them would be none of a command's arguments.
bool ends_commands(const Word& word) {
  constexpr std::array<std::string_view, 12> reserved{
      "}", "fi", "done", "esac", "then", "else", "elif", "do", "{", "!", "if", "while"};
  const auto* const literal =
      word.parts.size() == 1 ? std::get_if<std::string>(&word.parts.front().is) : nullptr;
  return literal != nullptr &&
         std::find(reserved.begin(), reserved.end(), *literal) != reserved.end();
}

}  // namespace

Script::Script(std::string_view script, const ColumnNames& columns) {
  ScriptReader reader(script, columns);
  all_ = reader.read();
  is_read_to_the_end_ = reader.is_at_end();
}

bool Script::has_placeholders() const {
  return has(all_, [](const Placeholder&) { return true; });
}

bool Script::depends_on_task() const {
  return has(all_, [](const Placeholder& one) { return one.form != Form::slot; });
}

void Script::append_task() {
  std::vector<Part> parts = all_.parts;
  while (!parts.empty() && is_blank(parts.back())) parts.pop_back();
  const auto* const last = parts.empty() ? nullptr : std::get_if<Word>(&parts.back().is);
  if (last == nullptr || !is_read_to_the_end_ || ends_commands(*last)) {
    throw std::invalid_argument(
        "the script has no {}, and does not end with a command to add the task to; write {} where "
        "it is to stand, or use --stdin");
  }
  parts.push_back({std::string(" ")});
  parts.push_back({Word{.parts = {{Place{}}}, .is_repeated = true}});
  all_.parts = std::move(parts);
}

std::string Script::with(const Values& values) const { return Filling(values).of(all_); }

}  // namespace divvy::worker
