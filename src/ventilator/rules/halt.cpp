#include "ventilator/rules/halt.hpp"

#include <charconv>
#include <stdexcept>
#include <string>

namespace divvy::ventilator {

Halt Halt::parse(std::string_view text) {
  const std::string given(text);
  const auto refuse = [&] {
    throw std::invalid_argument(
        "--halt must be soon,fail=N or now,fail=N, N a number or a "
        "percentage such as 10%, not '" +
        given + "'");
  };
  Halt halt;
  halt.kill = text.starts_with("now,");
  if (!halt.kill && !text.starts_with("soon,")) refuse();
  text.remove_prefix(text.find(',') + 1);
  if (!text.starts_with("fail=")) refuse();
  text.remove_prefix(5);
  if (text.ends_with('%')) {
    halt.percent = true;
    text.remove_suffix(1);
  }
  const char* const end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, halt.failures);
  const bool number = parsed.ec == std::errc{} && parsed.ptr == end && halt.failures > 0;
  if (!number || (halt.percent && halt.failures > 100)) refuse();
  return halt;
}

}  // namespace divvy::ventilator
