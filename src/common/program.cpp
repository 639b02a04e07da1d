#include "common/program.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <string>
#include <string_view>

#include "common/descriptor.hpp"
#include "common/help.hpp"
#include "common/standard_streams.hpp"

namespace divvy {
namespace {

// Of the system's errors the one that says least to whom it happens.
std::string in_words(const std::exception& error) {
  std::string what = error.what();
  if (what.ends_with(std::strerror(EMFILE))) {
    what += fmt::format(": their limit (ulimit -n) is {}", descriptor_limit());
  }
  return what;
}

}  // namespace

int exit_status(std::uint64_t failed) {
  return static_cast<int>(std::min<std::uint64_t>(failed, kMostCounted + 1));
}

std::vector<std::string> take_command(int& argc, const char* const* argv) {
  const char* const* const end = argv + argc;
  const auto* const dashes = std::find(argv, end, std::string_view("--"));
  argc = static_cast<int>(dashes - argv);
  return {std::min(dashes + 1, end), end};
}

int run_program(const Program& program, int argc, const char* const* argv,
                const std::function<int(CLI::App&)>& body) {
  open_standard_streams();
  CLI::App app{program.description, program.name};
  program.add_options(app);
  for (CLI::Option* const option : app.get_options({})) {
    if (is_flag(*option)) option->disable_flag_override();
  }
  lay_out_help(app, program.arguments);
  try {
    app.parse(argc, argv);
    return body(app);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return app.exit(error);  // --help, --version
    const std::string hint = program.hint ? program.hint(app) : "";
    tell_user(fmt::format("{}: {}\n", program.name,
                          hint.empty()
                              ? fmt::format("{} (see {} --help)",
                                            explain(app, program.arguments, error), program.name)
                              : hint));
  } catch (const std::exception& error) {
    tell_user(fmt::format("{}: {}\n", program.name, in_words(error)));
  }
  return kExitTrouble;
}

}  // namespace divvy
