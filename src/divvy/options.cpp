#include "divvy/options.hpp"

#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <string_view>

#include "common/descriptor.hpp"
#include "ventilator/rules/halt.hpp"

namespace divvy::launcher {
namespace {

// Not in a dry run, which records nothing.
constexpr std::array<std::string_view, 4> kRecording{"--journal", "--summary", "--name",
                                                     "--retry-failed"};

// The options of a program, as it has them itself.
template <class ProgramOptions>
class Table {
 public:
  Table() { options_.add_to(app_); }

  /// "--name=value", or "--name" of a flag, if the program has such an option.
  void pass(const CLI::Option& option, std::vector<std::string>& arguments) const {
    const std::string name = option.get_name(false, false);
    if (app_.get_option_no_throw(name) == nullptr) return;
    if (option.get_type_size() == 0) return arguments.push_back(name);
    for (const std::string& value : option.results()) arguments.push_back(name + "=" + value);
  }

 private:
  ProgramOptions options_;
  CLI::App app_;
};

void append(std::vector<std::string>& words, const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
}

bool is_null_device(int fd) {
  struct stat about {};
  struct stat null {};
  return ::fstat(fd, &about) == 0 && ::stat("/dev/null", &null) == 0 && S_ISCHR(about.st_mode) &&
         about.st_rdev == null.st_rdev;
}

// What the ventilator reads if the user has named nothing.
std::vector<std::string> unnamed_input(const Options& options) {
  if (!options.ventilator.files.empty() || options.ventilator.random) return {};
  const bool typed = ::isatty(STDIN_FILENO) != 0;
  if (!options.worker.command.empty()) {
    return typed ? std::vector<std::string>{"-"} : std::vector<std::string>{};
  }
  const bool none = typed || is_null_device(STDIN_FILENO);
  return none ? std::vector<std::string>{"--random=100"} : std::vector<std::string>{};
}

}  // namespace

std::uint32_t cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) return 1;
  return static_cast<std::uint32_t>(std::max(1, CPU_COUNT(&set)));
}

void Options::add_to(CLI::App& app) {
  app.footer(
      "Examples:\n"
      "  find . -name '*.txt' | divvy -k -- sha256sum {}\n"
      "  seq 8 | divvy -j 4 -- sh -c 'sleep 1; echo \"$1\"' sh {}\n\n" +
      std::string(kExitStatuses));
  ventilator.add_tasks_to(app);
  app.add_option("-j,--jobs", jobs, "Run N tasks at once")
      ->type_name("N")
      ->check(CLI::Range(1, 9999).description(""))
      ->default_str("one a core")
      ->group("Tasks");
  worker.add_execution_to(app);
  sink.add_output_to(app);
  ventilator.add_batch_to(app);
  common.add_general_to(app);
}

void Options::check() const {
  worker.check();
  if (!ventilator.halt.empty()) (void)ventilator::Halt::parse(ventilator.halt);
  for (const std::string& file : ventilator.files) check_readable(file);
}

Arguments arguments_of(const CLI::App& app, const Options& options) {
  const Table<ventilator::Options> ventilator;
  const Table<worker::Options> worker;
  const Table<sink::Options> sink;
  const bool dry = options.worker.dry_run;
  Arguments arguments;
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_name(false, false);
    const bool records = std::find(kRecording.begin(), kRecording.end(), name) != kRecording.end();
    if (option->count() == 0 || option->get_positional() || (dry && records)) continue;
    ventilator.pass(*option, arguments.ventilator);
    worker.pass(*option, arguments.worker);
    sink.pass(*option, arguments.sink);
  }
  if (dry) append(arguments.sink, {"--keep-order", "--quiet"});
  append(arguments.ventilator, unnamed_input(options));
  append(arguments.ventilator, options.ventilator.files);
  if (options.worker.command.empty()) return arguments;
  append(arguments.worker, {"--"});
  append(arguments.worker, options.worker.command);
  return arguments;
}

}  // namespace divvy::launcher
