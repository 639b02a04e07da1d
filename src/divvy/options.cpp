#include "divvy/options.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <stdexcept>
#include <string_view>

#include "common/descriptor.hpp"
#include "common/help.hpp"
#include "ventilator/rules/combinations.hpp"
#include "ventilator/rules/halt.hpp"
#include "worker/rules/placeholder.hpp"

namespace divvy::launcher {
namespace {

using Words = std::vector<std::string>;

constexpr std::uint32_t kMostJobs = 9999;

// Not in a dry run, which records nothing.
constexpr std::array<std::string_view, 7> kRecording{
    "--journal", "--summary", "--log", "--report", "--output-dir", "--name", "--retry-failed"};

// Of what was given, what a program has in its own table: "--name=value", or "--name" of a flag. In
// another group it is another option: the name of a batch is not that of a worker.
template <class ProgramOptions>
Words pass(const std::vector<const CLI::Option*>& given) {
  CLI::App table;
  ProgramOptions options;
  options.add_to(table);
  Words arguments;
  for (const CLI::Option* option : given) {
    const std::string name = option->get_name(false, false);
    const CLI::Option* const known = table.get_option_no_throw(name);
    if (known == nullptr || known->get_group() != option->get_group()) continue;
    if (is_flag(*option)) {
      arguments.insert(arguments.end(), option->count(), name);
      continue;
    }
    for (const std::string& value : option->results()) {
      arguments.push_back(fmt::format("{}={}", name, value));
    }
  }
  return arguments;
}

void append(Words& words, const Words& more) {
  words.insert(words.end(), more.begin(), more.end());
}

// {1}, {1/} and so on, wherever in the word.
bool names_first_column(std::string_view word) {
  for (; !word.empty(); word.remove_prefix(1)) {
    if (worker::placeholder_at(word, worker::kNumberedColumns).column == 1) return true;
  }
  return false;
}

bool is_null_device(int fd) {
  struct stat about {};
  struct stat null {};
  return ::fstat(fd, &about) == 0 && ::stat("/dev/null", &null) == 0 && S_ISCHR(about.st_mode) &&
         about.st_rdev == null.st_rdev;
}

// What the ventilator reads if the user has named nothing: what is typed if there is a command for
// it, otherwise the guide's batch.
Words unnamed_input(const Options& options) {
  const ventilator::Options& tasks = options.ventilator;
  if (!tasks.files.empty() || !tasks.lists.empty() || tasks.random) return {};
  const bool typed = ::isatty(STDIN_FILENO) != 0;
  if (options.worker.has_command()) return typed ? Words{"-"} : Words{};
  return typed || is_null_device(STDIN_FILENO) ? Words{"--random=100"} : Words{};
}

}  // namespace

void Options::add_to(CLI::App& app) {
  app.footer(
      "Examples:\n"
      "  find . -name '*.txt' | divvy -k -- sha256sum {}\n"
      "  seq 8 | divvy -j 4 -c 'sleep 1; echo {}'\n\n" +
      std::string(kExitStatuses));
  ventilator.add_tasks_to(app);
  add_machines_to(app);
  worker.add_execution_to(app);
  sink.add_output_to(app);
  app.add_flag("--resume", resume, "Skip what has succeeded in the journal")->group("Output");
  ventilator.add_batch_to(app);
  common.add_general_to(app);
}

void Options::add_machines_to(CLI::App& app) {
  const std::string tasks = "Tasks";
  app.add_option("-j,--jobs", jobs, "Run N tasks at once")
      ->type_name("N")
      ->check(slots_up_to(kMostJobs))
      ->default_str("one a core")
      ->group(tasks);
  app.add_option("--hosts", host_list)->type_name("LIST")->join(',')->group(tasks);
  app.add_option("--ssh", ssh, "There, by ssh: HOST[:N],... or file:PATH")
      ->type_name("COMMAND")
      ->group(tasks);
}

void Options::check() const {
  worker.check();
  ventilator.check();
  (void)ventilator::parse_lists(ventilator.lists);
  check_columns();
  if (ventilator.block) check_block();
  if (resume) check_resume();
  if (!ssh.empty() && !host_list) {
    throw std::invalid_argument("--ssh reaches other hosts; add --hosts HOST,..., or leave it out");
  }
  if (!ventilator.halt.empty()) (void)ventilator::Halt::parse(ventilator.halt);
  if (!ventilator.name.empty() && sink.journal.empty()) {
    throw std::invalid_argument(
        "--name goes on where a journal says; add --journal FILE, or leave --name out");
  }
  for (const std::string& file : ventilator.files) {
    if (read_error(file) == 0) continue;
    throw std::runtime_error(fmt::format("cannot read {}; name files with one task a line", file));
  }
}

bool Options::list_is_column() const {
  const bool is_only = !ventilator.lists.empty() && !ventilator.makes_words();
  const Words command = worker.typed_command();
  return is_only && worker.colsep.empty() && !worker.filter &&
         std::any_of(command.begin(), command.end(), names_first_column);
}

// What neither the ventilator nor a worker can know alone.
void Options::check_columns() const {
  const auto refuse_if = [](bool wrong, const char* why) {
    if (wrong) throw std::invalid_argument(why);
  };
  const bool words = ventilator.makes_words();
  const bool columns = !worker.colsep.empty();
  refuse_if(words && !worker.has_command(),
            "--csv, -n and several ::: are for a command; add -- COMMAND [ARG...], or -c SCRIPT");
  refuse_if(columns && ventilator.csv, "--csv makes columns; leave --colsep out, or --csv");
  refuse_if(columns && ventilator.max_args,
            "-n gives a command several tasks, --colsep parts of one; leave one of them out");
  refuse_if(columns && words, "several ::: make columns; leave --colsep out, or all ::: but one");
  refuse_if(ventilator.header && !columns && !ventilator.csv,
            "--header names columns; add --csv, or --colsep REGEX");
}

void Options::check_resume() const {
  if (sink.journal.empty()) {
    throw std::invalid_argument("--resume skips what a journal knows; add --journal FILE");
  }
  if (!ventilator.name.empty()) {
    throw std::invalid_argument(
        "--resume goes by the tasks' texts, --name by their places in the input; leave one out");
  }
}

// A piece is many lines, and on standard input.
void Options::check_block() const {
  if (!worker.has_command()) {
    throw std::invalid_argument("--block is for a command; add -- COMMAND [ARG...], or -c SCRIPT");
  }
  if (worker.filter) {
    throw std::invalid_argument(
        "a filter is given line after line anyway; leave --block or --filter out");
  }
  if (!worker.colsep.empty()) {
    throw std::invalid_argument("a piece has no columns; leave --block or --colsep out");
  }
}

Arguments arguments_of(const CLI::App& app, const Options& options) {
  const bool dry = options.worker.dry_run;
  const auto given = app.get_options([&](const CLI::Option* option) {
    const std::string name = option->get_name(false, false);
    const bool records = std::find(kRecording.begin(), kRecording.end(), name) != kRecording.end();
    return option->count() > 0 && option->nonpositional() && !(dry && records);
  });
  Arguments arguments{.ventilator = pass<ventilator::Options>(given),
                      .worker = pass<worker::Options>(given),
                      .sink = pass<sink::Options>(given)};
  if (dry) append(arguments.sink, {"--keep-order", "--quiet"});
  if (options.resume) append(arguments.ventilator, {"--resume=" + options.sink.journal});
  append(arguments.ventilator, unnamed_input(options));
  append(arguments.ventilator, options.ventilator.files);
  if (options.list_is_column()) append(arguments.ventilator, {"--max-args=1"});
  append(arguments.ventilator, options.ventilator.lists);
  if (options.worker.command.empty()) return arguments;
  append(arguments.worker, {"--"});
  append(arguments.worker, options.worker.command);
  return arguments;
}

}  // namespace divvy::launcher
