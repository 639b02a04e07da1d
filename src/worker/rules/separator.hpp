// What is between the columns of a task.
#pragma once

#include <regex.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace divvy::worker {

/// A POSIX extended regular expression, in which also \t is a tab. The C library's does not recurse
/// over a long text, as std::regex does.
class Separator {
 public:
  /// Throws std::invalid_argument if `pattern` is no regular expression.
  explicit Separator(const std::string& pattern);

  /// The columns of `text`, at least one, without the blanks around them, as in GNU parallel.
  [[nodiscard]] std::vector<std::string_view> columns(std::string_view text) const;

 private:
  struct Free {
    void operator()(regex_t* regex) const;
  };

  [[nodiscard]] regmatch_t find(std::string_view text, regoff_t from) const;

  std::unique_ptr<regex_t, Free> regex_;
};

}  // namespace divvy::worker
