#include "report/command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <cerrno>
#include <cstring>
#include <optional>
#include <stdexcept>
#include <string>

#include "common/database.hpp"
#include "common/descriptor.hpp"
#include "common/program.hpp"
#include "common/standard_streams.hpp"
#include "report/page.hpp"

namespace divvy::report {
namespace {

struct Options {
  std::string journal;
  std::optional<std::string> name;

  void add_to(CLI::App& app) {
    app.footer(
        "Example:\n"
        "  divvy report lab.db thumbnails > thumbnails.html\n\n"
        "Exit status: 0 the page was written, 255 trouble");
    app.add_option("JOURNAL", journal)->group("");
    app.add_option("NAME", name)->group("");
    app.set_help_flag("-h,--help", "Print this")->group("General");
  }
};

void check_journal(const std::string& path) {
  if (path.empty()) {
    throw std::invalid_argument("name a journal: divvy report JOURNAL [NAME] > FILE.html");
  }
  const int error = read_error(path);
  if (error == 0) return;
  throw std::runtime_error(fmt::format("cannot read journal {}: {}", path, std::strerror(error)));
}

void write_out(const std::string& page) {
  if (::isatty(STDOUT_FILENO) != 0) {
    throw std::runtime_error("a page is no text for a terminal; add > FILE.html");
  }
  const int error = write_all(STDOUT_FILENO, page);
  if (error == 0 || output_has_no_reader()) return;
  throw std::runtime_error(fmt::format("cannot write the page: {}", std::strerror(error)));
}

}  // namespace

int run(int argc, const char* const* argv) {
  Options options;
  const Program program{
      .name = "divvy report",
      .arguments = "JOURNAL [NAME]",
      .description =
          "Writes a page of HTML that shows the batch NAME, or else the latest one, as "
          "JOURNAL has it.",
      .add_options = [&](CLI::App& app) { options.add_to(app); },
      .hint = {}};
  return run_program(program, argc, argv, [&](CLI::App&) {
    check_can_be_made();
    check_journal(options.journal);
    const Database journal("journal", options.journal, Database::Access::read);
    write_out(page_of(journal, options.name));
    return 0;
  });
}

}  // namespace divvy::report
