#include "common/help.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <vector>

#include "common/nearest.hpp"

namespace divvy {
namespace {

constexpr std::size_t kColumn = 31;

std::string usage(const CLI::App& app, const std::string& arguments) {
  return fmt::format("{} [OPTION...]{}{}", app.get_name(), arguments.empty() ? "" : " ", arguments);
}

// "-j, --slots N"
std::string label(const CLI::Option& option) {
  if (option.get_positional()) return option.get_name(true) + "...";
  const std::string names = CLI::detail::find_and_replace(option.get_name(false, true), ",", ", ");
  const bool bare = is_flag(option) || option.get_type_name().empty();
  return bare ? names : names + " " + option.get_type_name();
}

std::string description(const CLI::Option& option) {
  const std::string value = option.get_default_str();
  if (value.empty()) return option.get_description();
  return fmt::format("{} (default {})", option.get_description(), value);
}

std::string lines(const std::vector<const CLI::Option*>& options) {
  std::string text;
  std::string labels;
  for (const CLI::Option* option : options) {
    labels += (labels.empty() ? "  " : ", ") + label(*option);
    if (option->get_description().empty()) continue;
    text += fmt::format("{:<{}}  {}\n", labels, kColumn, description(*option));
    labels.clear();
  }
  return text;
}

std::string help(const CLI::App& app, const std::string& arguments) {
  std::string text = fmt::format("Usage: {}\n{}\n", usage(app, arguments), app.get_description());
  for (const std::string& group : app.get_groups()) {
    if (group.empty()) continue;  // hidden: the usage has them
    const auto options =
        app.get_options([&](const CLI::Option* option) { return option->get_group() == group; });
    if (!options.empty()) text += fmt::format("\n{}:\n{}", group, lines(options));
  }
  return fmt::format("{}\n{}\n", text, app.get_footer());
}

std::string unknown_option(const CLI::App& app, const std::string& word) {
  const std::string name = word.substr(0, word.find('='));
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& known : option->get_lnames()) names.push_back("--" + known);
  }
  const std::string meant = nearest(name, names);
  if (meant.empty()) return "unknown option " + name;
  return fmt::format("unknown option {}; did you mean {}?", name, meant);
}

// CLI11 begins with the flag's name, without dashes.
std::string flag_in(const std::string& what) {
  const std::string name = what.substr(0, what.find(' '));
  return (name.size() == 1 ? "-" : "--") + name;
}

bool is_option(const std::string& word) { return word.size() > 1 && word.starts_with('-'); }

}  // namespace

bool is_flag(const CLI::Option& option) { return option.get_expected_max() == 0; }

void lay_out_help(CLI::App& app, const std::string& arguments) {
  app.formatter_fn([arguments](const CLI::App* self, const std::string&, CLI::AppFormatMode) {
    return help(*self, arguments);
  });
}

std::string explain(const CLI::App& app, const std::string& arguments,
                    const CLI::ParseError& error) {
  // An unknown option comes first: its value may have been taken for something else.
  const auto left = app.remaining();
  const auto dashes = std::find(left.begin(), left.end(), "--");
  const auto unknown = std::find_if(left.begin(), dashes, is_option);
  if (unknown != dashes) return unknown_option(app, *unknown);

  std::string what = error.what();
  const std::string option = what.substr(0, what.find(':'));
  switch (static_cast<CLI::ExitCodes>(error.get_exit_code())) {
    case CLI::ExitCodes::ExtrasError:
      return fmt::format("unexpected argument {}; usage: {}", left.front(), usage(app, arguments));
    case CLI::ExitCodes::ArgumentMismatch:
      if (what.ends_with("flag override")) return flag_in(what) + " takes no value";
      return option + (what.ends_with("missing") ? " needs a value" : " is given more than once");
    case CLI::ExitCodes::ExcludesError:
      return CLI::detail::find_and_replace(what, " excludes ", " cannot be combined with ");
    default:
      return what;
  }
}

}  // namespace divvy
